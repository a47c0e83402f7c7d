"""The upload field for a picture. It only receives files, and is empty again after each; the chosen picture is shown from the draft."""

from collections.abc import Callable

import streamlit as st

from nst.images import INPUT_SUFFIXES
from nst.ui import singletons

_TYPES = [suffix.lstrip(".") for suffix in INPUT_SUFFIXES]


def show_uploader(key: str, label: str, on_file: Callable[[str, bytes], None], help: str) -> None:
    """
    Args:
        on_file: called with the name and the bytes of a new file.
    """
    st.file_uploader(
        label,
        type=list(INPUT_SUFFIXES) if st.session_state.get(_reset_key(key)) else _TYPES,
        max_upload_size=max(1, singletons.settings().max_bytes // 1_000_000),
        key=key,
        on_change=_take,
        args=(key, on_file),
        help=help,
    )


def empty(key: str) -> None:
    """Removes the file, and any message that the browser refused one.

    Streamlit has no call for this, but resets a field when its list of types changes. With a leading dot, they are the same types.
    """
    st.session_state[_reset_key(key)] = not st.session_state.get(_reset_key(key), False)


def _take(key: str, on_file: Callable[[str, bytes], None]) -> None:
    if (file := st.session_state[key]) is not None:
        on_file(file.name, file.getvalue())
        empty(key)


def _reset_key(key: str) -> str:
    return f"{key}_reset"
