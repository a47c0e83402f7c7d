"""Streamlit's sessions, as far as the server limits them: which scripts compute, and which files are kept."""

import sys
import threading
from collections.abc import Iterator
from types import FrameType

from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.state import SessionState
from streamlit.runtime.uploaded_file_manager import UploadedFile

from nst.ui import singletons

_THREAD_NAME = "ScriptRunner.scriptThread"  # Streamlit's
_WAITING = threading.Condition.wait.__code__  # where Python's own locks, events and futures wait


def computing_scripts() -> int:
    """How many scripts of pages compute at this moment. Those that wait, for a preview or for other threads, or decode do not count."""
    frames, decodes = sys._current_frames(), singletons.picture_budget().decodes
    scripts = (thread.ident or 0 for thread in threading.enumerate() if thread.name == _THREAD_NAME)
    running = (frames.get(script) for script in scripts if not decodes(script))
    # CPython 3.11 has given a function in place of a frame, on a busy machine.
    return sum(isinstance(frame, FrameType) and frame.f_code is not _WAITING for frame in running)


class UploadedFiles:
    """`nst.gateway.guard.uploads.UploadStore` over Streamlit's memory."""

    def is_connected(self, session: str) -> bool:
        return Runtime.exists() and Runtime.instance().is_active_session(session)

    def sizes(self) -> dict[str, dict[str, int]]:
        kept = _manager().file_storage.copy() if Runtime.exists() else {}
        return {session: {name: len(file.data) for name, file in files.copy().items()} for session, files in kept.items() if files}

    def remove(self, session: str, file_id: str) -> None:
        _manager().remove_file(session, file_id)

    def empty_removed(self) -> None:
        """Widgets keep their file of the last run, which may have been removed since."""
        if not Runtime.exists():
            return
        for info in Runtime.instance()._session_mgr.list_sessions():
            kept = _manager().file_storage.get(info.session.id, {})
            for file in _files(info.session.session_state):
                if file.file_id not in kept:
                    file.truncate(0)


def _files(state: SessionState) -> Iterator[UploadedFile]:
    widgets = (getattr(widget, "value", None) for widget in state._new_widget_state.states.copy().values())
    return (value for value in (*state._old_state.copy().values(), *widgets) if isinstance(value, UploadedFile))


def _manager() -> MemoryUploadedFileManager:
    manager = Runtime.instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)  # noqa: S101 -- what `streamlit.starlette.App` makes
    return manager
