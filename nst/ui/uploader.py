"""The upload field for a picture. It only receives files, and is empty again after each; the chosen picture is shown from the draft."""

from collections.abc import Callable, Sequence
from unicodedata import category

import streamlit as st

from nst.images import INPUT_SUFFIXES
from nst.ui import singletons

Files = Sequence[tuple[str, bytes]]
_TYPES = [suffix.lstrip(".") for suffix in INPUT_SUFFIXES]


def show_uploader(key: str, label: str, on_file: Callable[[str, bytes], None], help: str) -> None:
    """
    Args:
        on_file: called with the name and the bytes of a new file.
    """
    _show(key, label, lambda files: on_file(*files[0]), help, multiple=False)


def show_multiple_uploader(key: str, label: str, on_files: Callable[[Files], None], help: str) -> None:
    """
    Args:
        on_files: called with the names and the bytes of all new files.
    """
    _show(key, label, on_files, help, multiple=True)


def _show(key: str, label: str, on_files: Callable[[Files], None], help: str, *, multiple: bool) -> None:
    st.file_uploader(
        label,
        accept_multiple_files=multiple,
        type=list(INPUT_SUFFIXES) if st.session_state.get(_reset_key(key)) else _TYPES,
        max_upload_size=max(1, singletons.settings().max_bytes // 1_000_000),
        key=key,
        on_change=_take,
        args=(key, on_files),
        help=help,
    )


def empty(key: str) -> None:
    """Removes the file, and any message that the browser refused one.

    Streamlit has no call for this, but resets a field when its list of types changes. With a leading dot, they are the same types.
    """
    st.session_state[_reset_key(key)] = not st.session_state.get(_reset_key(key), False)


def _take(key: str, on_files: Callable[[Files], None]) -> None:
    """Streamlit reports several files at once, when the last of them has arrived."""
    found = st.session_state[key]
    if files := found if isinstance(found, list) else [found] if found is not None else []:
        on_files([(_name_of(file.name), file.getvalue()) for file in files])
        empty(key)


def _name_of(sent: str) -> str:
    """A file's name as its visitor knows it: browsers encode quotes and ends of lines when they send it. Without control characters."""
    name = sent.replace("%22", '"').replace("%0D", "").replace("%0A", "")
    return "".join(each for each in name if category(each) != "Cc")


def _reset_key(key: str) -> str:
    return f"{key}_reset"
