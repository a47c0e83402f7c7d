"""The choice of a photo: a file, the camera, or a sample. A new choice replaces the last one and empties the other fields."""

from html import escape

import streamlit as st

from nst import samples
from nst.images import INPUT_FORMATS
from nst.service.submission import MAX_SIDE
from nst.ui import crop_form, draft, singletons, texts, uploader
from nst.ui.components import device_camera, explain_refusals, group_tiles, reduce_photos, take_incoming_photo
from nst.ui.urls import url

_ADD = "add_photos"
_CHANGE = "change_photo"  # the key of the popover that the fields are in once a photo is chosen; its state is whether it is open


def show_photo() -> None:
    photo = draft.current().photo
    st.html('<h2 class="step"><span>1</span>Your photo</h2>')
    take_incoming_photo()
    megabytes = max(1, singletons.settings().max_bytes // 1_000_000)
    reduce_photos(MAX_SIDE, megabytes * 1_000_000)
    explain_refusals(
        f"This is not a picture that the studio reads. Choose a {INPUT_FORMATS} picture.",
        f"This file is larger than {megabytes} MB. Save the picture smaller, or as a JPEG, and try again.",
    )
    if photo is None:
        _show_sources("Choose a photo")
        return
    with st.container(key="chosen_photo", horizontal=True, vertical_alignment="center"):
        st.html(
            f'<figure class="chosen-photo"><img src="{photo.shown}" alt="Your photo"><figcaption>{escape(photo.alt)}</figcaption></figure>'
        )
        crop_form.show_button()
        with st.popover("Change", key=_CHANGE, icon=":material/swap_horiz:", on_change=_forget_error):
            _show_sources("Choose another photo")
    crop_form.show_crop(photo)
    _show_more()
    _show_error()


def _show_sources(label: str) -> None:
    if draft.current().photo is None:
        _show_error()  # above the field, where it is seen on a phone, too
    uploader.show_multiple_uploader(
        "photo",
        label,
        _from_files,
        f"{INPUT_FORMATS}. Place, date and all other metadata are removed. You can also paste a picture, or drop it anywhere on the page. "
        "Several photos are painted in the same style.",
    )
    device_camera()
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
    group_tiles("samples", "Samples", choose=False)
    with st.container(key="samples"):
        for sample in samples.SAMPLES:
            with st.container(key=f"tile_sample_{sample.name}"):
                source = url("samples", sample.name)
                st.html(f'<img class="thumb" src="{source}" alt="" title="{escape(sample.credit)}">')
                st.button(sample.title, key=f"sample_{sample.name}", on_click=_from_sample, args=(sample.name,))


def _from_files(files: uploader.Files) -> None:
    """The first that can be used is the photo; the others are painted in the same style."""
    problems: list[str] = []
    for number, (name, data) in enumerate(files, start=1):
        draft.take_photo(data, name or "Your photo", keeps_last=True)
        error = draft.current().photo_error
        if error is None:
            draft.take_more(files[number:])
            break
        problems.append(f"{texts.plain(name)}: {error}" if len(files) > 1 else error)
        _forget_error()
    draft.current().photo_error = "  \n".join([*problems, *filter(None, [draft.current().photo_error])]) or None
    _close()


def _show_more() -> None:
    """Further photos, which are painted in the same style, and a way to add and remove them."""
    more = draft.current().more
    with st.container(key="more_photos"):
        for number, photo in enumerate(more):
            with st.container(key=f"more_{number}", horizontal=True, vertical_alignment="center"):
                picture = f'<img src="{photo.shown}" alt=""><figcaption>{escape(photo.alt)}</figcaption>'
                st.html(f'<figure class="chosen-photo further">{picture}</figure>', width="stretch")
                label = f"Remove :small[{texts.plain(photo.alt)}]"  # the style sheet leaves the name to screen readers
                st.button(label, key=f"remove_more_{number}", type="tertiary", on_click=more.remove, args=(photo,))
        with st.popover("Add photos", key=_ADD, icon=":material/add_photo_alternate:", type="tertiary", on_change=_forget_error):
            text = "They are painted in the same style, one after the other."
            uploader.show_multiple_uploader("further_photos", "Add photos", _add, text)


def _add(files: uploader.Files) -> None:
    draft.take_more(files)
    st.session_state[_ADD] = False


def _from_camera() -> None:
    file = st.session_state["camera"]
    draft.take_photo(file.getvalue() if file else None, "The photo you took", keeps_last=True)
    uploader.empty("photo")
    st.session_state[_CHANGE] = False
    crop_form.close()


def _from_sample(name: str) -> None:
    draft.take_sample(name)
    uploader.empty("photo")
    _close()


def _close() -> None:
    crop_form.close()
    st.session_state["use_camera"] = st.session_state[_CHANGE] = False
