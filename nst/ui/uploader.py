"""The field for a picture file. What is chosen is told beside it, from the draft: the field only takes files in."""

from collections.abc import Callable

import streamlit as st

from nst.images import SUFFIXES
from nst.settings import Settings

_TYPES = [suffix.lstrip(".") for suffix in SUFFIXES]


def show_uploader(key: str, label: str, on_file: Callable[[str, bytes | None], None], help: str) -> None:
    """
    Args:
        on_file: is given the name and the bytes of a file that has come, or none when it is taken away.
    """
    st.file_uploader(
        label,
        type=list(SUFFIXES) if st.session_state.get(_turn(key)) else _TYPES,
        max_upload_size=max(1, Settings().max_bytes // 1_000_000),
        key=key,
        on_change=_take,
        args=(key, on_file),
        help=help,
    )


def empty(key: str) -> None:
    """Forgets the file, and what was refused by the browser.

    Streamlit has no way to say so, but begins a field of the same key anew when its types change: with a dot they are the same types.
    """
    st.session_state[_turn(key)] = not st.session_state.get(_turn(key), False)


def _take(key: str, on_file: Callable[[str, bytes | None], None]) -> None:
    file = st.session_state[key]
    on_file(file.name if file else "", file.getvalue() if file else None)


def _turn(key: str) -> str:
    return f"{key}_turn"
