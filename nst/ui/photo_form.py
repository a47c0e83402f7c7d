"""Where the photo comes from: a file, the camera, or a sample. The last choice counts, and takes away what the others hold."""

from html import escape

import streamlit as st

from nst import samples
from nst.ui import draft, uploader
from nst.ui.draft import Picture


def show_photo() -> None:
    photo = draft.current().photo
    st.html('<h2 class="step"><span>1</span>Your photo</h2>')
    if photo is not None:
        _show_chosen(photo)
    uploader.show_uploader(
        "photo",
        "Choose a photo" if photo is None else "Choose another photo",
        _from_file,
        "JPEG, PNG or WebP. Where and when it was taken, and everything else but the picture itself, is removed.",
    )
    if error := draft.current().photo_error:
        st.error(error, icon=":material/image_not_supported:")
    if st.toggle("Use the camera", key="use_camera"):
        st.camera_input("Take a photo", key="camera", on_change=_from_camera, label_visibility="collapsed")
    _show_samples()


def _show_chosen(photo: Picture) -> None:
    st.html(
        f'<figure class="chosen-photo"><img src="{photo.preview}" alt="Your photo" style="aspect-ratio: {photo.ratio:.4f}">'
        f"<figcaption>{escape(photo.alt)}</figcaption></figure>"
    )


def _show_samples() -> None:
    st.html('<p class="or">or try one of these</p>')
    with st.container(key="samples"):
        for sample in samples.SAMPLES:
            with st.container(key=f"tile_sample_{sample.name}"):
                st.html(f'<img class="thumb" src="/samples/{sample.name}" alt="{escape(sample.title)}" title="{escape(sample.credit)}">')
                st.button(sample.title, key=f"sample_{sample.name}", on_click=_from_sample, args=(sample.name,))


def _from_file(name: str, data: bytes | None) -> None:
    draft.take_photo(data, name or "Your photo")
    st.session_state["use_camera"] = False


def _from_camera() -> None:
    file = st.session_state["camera"]
    draft.take_photo(file.getvalue() if file else None, "The photo you took")
    uploader.empty("photo")


def _from_sample(name: str) -> None:
    draft.take_sample(name)
    uploader.empty("photo")
    st.session_state["use_camera"] = False
