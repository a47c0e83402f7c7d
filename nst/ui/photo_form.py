"""Where the photo comes from: a file, the camera, or a sample."""

from html import escape

import streamlit as st

from nst import samples
from nst.images import SUFFIXES
from nst.settings import Settings
from nst.ui import draft

FILE_TYPES = [suffix.lstrip(".") for suffix in SUFFIXES]


def show_photo() -> None:
    photo = draft.current().photo
    st.html('<h2 class="step"><span>1</span>Your photo</h2>')
    if photo is not None:
        st.html(f'<figure class="chosen-photo"><img src="{photo.preview}" alt="{escape(photo.alt)}"></figure>')
    st.file_uploader(
        "Choose a photo" if photo is None else "Choose another photo",
        type=FILE_TYPES,
        max_upload_size=max(1, Settings().max_bytes // 1_000_000),
        key="photo",
        on_change=_from_file,
        help="JPEG, PNG or WebP. Where and when it was taken, and everything else but the picture itself, is removed.",
    )
    if error := draft.current().photo_error:
        st.error(error, icon=":material/image_not_supported:")
    if st.toggle("Use the camera", key="use_camera"):
        st.camera_input("Take a photo", key="camera", on_change=_from_camera, label_visibility="collapsed")
    _show_samples()


def _show_samples() -> None:
    st.html('<p class="or">or try one of these</p>')
    with st.container(key="samples"):
        for sample in samples.SAMPLES:
            with st.container(key=f"tile_sample_{sample.name}"):
                st.html(f'<img class="thumb" src="/samples/{sample.name}" alt="{escape(sample.title)}" title="{escape(sample.credit)}">')
                st.button(sample.title, key=f"sample_{sample.name}", on_click=draft.take_sample, args=(sample.name,))


def _from_file() -> None:
    file = st.session_state["photo"]
    draft.take_photo(file.getvalue() if file else None)


def _from_camera() -> None:
    file = st.session_state["camera"]
    draft.take_photo(file.getvalue() if file else None, "The photo you took")
