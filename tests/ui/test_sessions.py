"""Which of the pages' scripts compute, and which files their sessions hold."""

import sys
import threading
import time
from collections.abc import Callable

import pytest
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.scriptrunner import script_runner
from streamlit.runtime.state import SessionState
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from nst.ui import sessions, singletons
from tests.support.waiting import until


@pytest.mark.parametrize(("work", "count"), [("compute", 1), ("wait", 0), ("decode", 0)])
def test_scripts_that_compute_count_and_those_that_wait_do_not(work: str, count: int) -> None:
    over = threading.Event()

    def compute() -> None:
        while not over.is_set():
            time.sleep(0.001)

    def decode() -> None:
        with singletons.picture_budget().reserve(1, "here"):
            compute()

    works: dict[str, Callable[[], object]] = {"compute": compute, "wait": over.wait, "decode": decode}
    thread = threading.Thread(target=works[work], name="ScriptRunner.scriptThread")
    thread.start()
    try:
        until(lambda: sessions.computing_scripts() == count)
    finally:
        over.set()
        thread.join()


def test_a_thread_without_a_frame_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.current_thread(), "name", "ScriptRunner.scriptThread")
    assert sessions.computing_scripts() == 1
    monkeypatch.setattr(sys, "_current_frames", lambda: {threading.get_ident(): sys.intern})
    assert sessions.computing_scripts() == 0


def test_streamlit_names_its_threads_as_we_count_them() -> None:
    source = script_runner.__loader__.get_source(script_runner.__name__)
    assert f'name="{sessions._THREAD_NAME}"' in source


def test_files_that_widgets_hold_are_found_in_this_run_and_in_earlier_ones() -> None:
    state = SessionState()
    older, newer = (UploadedFile(UploadedFileRec(name, name, "image/png", b"x"), FileURLs()) for name in ("older", "newer"))
    state._old_state["photo"] = older
    state._old_state["strength"] = 0.5
    state._new_widget_state.set_from_value("photo", newer)
    assert list(sessions._files(state)) == [older, newer]
