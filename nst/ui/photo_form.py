"""The choice of a photo: a file, the camera, or a sample. A new choice replaces the last one and empties the other fields."""

from html import escape

import streamlit as st

from nst import samples
from nst.images import INPUT_FORMATS
from nst.ui import draft, uploader
from nst.ui.components import take_incoming_photo
from nst.ui.urls import url

_CHANGE = "change_photo"  # the key of the popover that the fields are in once a photo is chosen; its state is whether it is open


def show_photo() -> None:
    photo = draft.current().photo
    st.html('<h2 class="step"><span>1</span>Your photo</h2>')
    take_incoming_photo()
    if photo is None:
        _show_sources("Choose a photo")
        return
    with st.container(key="chosen_photo", horizontal=True, vertical_alignment="center"):
        st.html(
            f'<figure class="chosen-photo"><img src="{photo.shown}" alt="Your photo"><figcaption>{escape(photo.alt)}</figcaption></figure>'
        )
        with st.popover("Change", key=_CHANGE, icon=":material/swap_horiz:", on_change=_forget_error):
            _show_sources("Choose another photo")
    _show_error()


def _show_sources(label: str) -> None:
    uploader.show_uploader(
        "photo",
        label,
        _from_file,
        f"{INPUT_FORMATS}. Place, date and all other metadata are removed. You can also paste a picture, or drop it anywhere on the page.",
    )
    if draft.current().photo is None:
        _show_error()
    if st.toggle("Use the camera", key="use_camera"):
        st.camera_input("Take a photo", key="camera", on_change=_from_camera, label_visibility="collapsed")
    _show_samples()


def _show_error() -> None:
    if error := draft.current().photo_error:
        st.error(error, icon=":material/image_not_supported:")


def _forget_error() -> None:
    draft.current().photo_error = None


def _show_samples() -> None:
    st.html('<p class="or">or try one of these</p>')
    with st.container(key="samples"):
        for sample in samples.SAMPLES:
            with st.container(key=f"tile_sample_{sample.name}"):
                source = url("samples", sample.name)
                st.html(f'<img class="thumb" src="{source}" alt="" title="{escape(sample.credit)}">')
                st.button(sample.title, key=f"sample_{sample.name}", on_click=_from_sample, args=(sample.name,))


def _from_file(name: str, data: bytes) -> None:
    draft.take_photo(data, name or "Your photo", keeps_last=True)
    _close()


def _from_camera() -> None:
    file = st.session_state["camera"]
    draft.take_photo(file.getvalue() if file else None, "The photo you took", keeps_last=True)
    uploader.empty("photo")
    st.session_state[_CHANGE] = False


def _from_sample(name: str) -> None:
    draft.take_sample(name)
    uploader.empty("photo")
    _close()


def _close() -> None:
    st.session_state["use_camera"] = st.session_state[_CHANGE] = False
