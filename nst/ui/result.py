"""A finished painting: compare it with its photo, download it, publish it, or paint it again."""

from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from nst.domain import Job
from nst.ui import frame, gallery, past_drafts, texts
from nst.ui.components import compare, live_preview, share
from nst.ui.download_files import content_of
from nst.ui.downloads import File, show_download
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.keeping import show_keep_longer
from nst.ui.larger import show_larger, show_versions
from nst.ui.likes import show_like
from nst.ui.publishing import show_report, show_visibility
from nst.ui.recipes import show_recipe
from nst.ui.thumbnails import display_size, picture_src
from nst.ui.titles import show_title_form, style_line, title_of
from nst.ui.urls import job_url

_UNTITLED = "A painting by Pastiche"
_RIGHTS = (
    "**Whose it is:** Pastiche claims no rights in your painting. Use it as far as the rights in the photo, and in style pictures of your "
    "own, allow. The styles that come with Pastiche are the project's own, and free for any use (CC0). "
)
_PRIVATE_RIGHTS = "If you publish it, everyone can see and download it, and gets no other rights."
_PUBLIC_RIGHTS = "Everyone can see and download it until you make it private, and gets no other rights. Copies that were downloaded remain."
_RIGHTS_OF_OTHERS = (
    "**Whose it is:** a visitor has published this painting for everyone to see and download. You get no other rights to it."
)
_FILM_WIDTH = 320  # CSS pixels: with the buttons below it, it fits under the painting


def show_result(visit: Visit, job: Job) -> None:
    is_mine = bool(job.owner)
    styles = visit.service.styles()
    title = title_of(job, styles)
    with st.container(key="result"):
        tab = "Your painting" if is_mine else None
        show_heading(title, style_line(job, styles), view=f"{job.id}-{job.state}", tab=tab, small=True)
        _show_painting(visit, job, f"Painting in the style {texts.style_names(job, styles)}")
        is_mine_in_feed = is_mine and job.is_in_feed
        if is_mine_in_feed:  # in sight at once, also on a phone
            _show_link(visit, job)
        _show_actions(visit, job)
        if is_mine:
            show_versions(visit, job)
        _show_print_size(job)
        if not is_mine_in_feed:
            _show_link(visit, job)
        if job.styles:  # those of a record that was rebuilt are not known
            show_recipe(visit, job)
        _show_rights(job, is_mine)


def _show_actions(visit: Visit, job: Job) -> None:
    is_mine = bool(job.owner)
    with st.container(key="actions_of_mine" if is_mine else "actions", horizontal=True, horizontal_alignment="center"):
        _show_downloads(visit, job)
        if is_mine:
            _show_timelapse(visit, job)
            show_larger(visit, job)
            show_title_form(visit, job)
            show_visibility(visit, job)
            show_again(visit, job)
            show_another()
        else:
            if st.button("Paint mine like this", key=f"like_{job.id}", icon=":material/brush:"):
                gallery.paint_like(visit, job.id)
            show_like(visit, job.id, job.likes, liked=bool(visit.service.gallery.liked(visit.viewer, [job.id])))
            show_report(visit, job.id)


def _show_painting(visit: Visit, job: Job, alt: str) -> None:
    painting, size = picture_src(visit.service, visit.owner, job, "after"), display_size(visit.service, job, visit.viewer)
    if job.shows_photo:
        compare(picture_src(visit.service, visit.owner, job, "before"), painting, size, alt)
    else:
        live_preview(painting, size, alt)


def show_again(visit: Visit, job: Job) -> None:
    """A button that opens the form with the photo, styles and settings of this painting."""
    if st.button("Again with other settings", key="again", icon=":material/tune:"):
        with frame.error_boundary():
            past_drafts.begin_again(visit.service, visit.service.order(job.id, visit.viewer))
            del st.query_params["job"]
            st.rerun()


def show_another() -> None:
    """A button that opens the form as the visitor left it."""
    if st.button("New painting", key="another", type="tertiary", icon=":material/add:"):
        del st.query_params["job"]
        st.rerun()


def _show_downloads(visit: Visit, job: Job) -> None:
    for file, key in ((File.PNG, "download"), (File.JPEG, "download_jpeg"), (File.TIFF, "download_tiff")):
        read = partial(content_of, visit.service, job, visit.viewer, file)
        show_download(visit, job, file, f"Download {file.name}", key, read, "primary" if file is File.PNG else "secondary")


def _show_rights(job: Job, is_mine: bool) -> None:
    with st.container(key="rights"):
        published = _PUBLIC_RIGHTS if job.is_in_feed else "" if job.public else _PRIVATE_RIGHTS  # a hidden one is neither
        st.caption(_RIGHTS + published if is_mine else _RIGHTS_OF_OTHERS)


def _show_print_size(job: Job) -> None:
    match (job.recipe or {}).get("size"):
        case [int(width), int(height)]:
            with st.container(key="print_size"):
                st.caption(f":material/print: {texts.print_sizes((width, height))} Printers prefer the TIFF.")


def _show_timelapse(visit: Visit, job: Job) -> None:
    """A film of how the painting emerged, for its owner. It is read once the visitor wants to see it."""
    if not visit.service.has_timelapse(job.id, visit.viewer):
        return
    with st.popover("Time-lapse", icon=":material/movie:", key="timelapse", on_change="rerun") as popover:
        film = visit.service.timelapse(job.id, visit.viewer) if popover.open else None
        if film is None:
            return
        st.video(film, loop=True, autoplay=True, muted=True, alt="The photo turns into the painting", width=_FILM_WIDTH)
        with st.container(horizontal=True, width=_FILM_WIDTH):
            for file, name in ((File.MP4, "MP4"), (File.WEBP, "WebP animation")):
                read = partial(content_of, visit.service, job, visit.viewer, file)
                show_download(visit, job, file, name, f"download_{file.suffix.removeprefix('.')}", read)


def _show_link(visit: Visit, job: Job) -> None:
    is_mine = bool(job.owner)
    picture = picture_src(visit.service, visit.owner, job, "after")
    with st.container(key="share"):
        if job.is_in_feed:
            here = urlsplit(st.context.url or "")
            share(f"{here.scheme}://{here.netloc}{job_url(job.id)}", picture, job.title or _UNTITLED)
            likes = f" {texts.counted(job.likes, 'visitor likes', 'visitors like')} it." if job.likes and is_mine else ""
            st.caption(f"Everyone can see it in the gallery.{likes}")
        elif job.hidden:
            st.caption("This painting was removed from the gallery because visitors reported it or an administrator hid it.")
        elif is_mine:
            kept = texts.kept(visit.service.keeping.until(job))
            st.caption(f":material/lock: Private: only this browser can open it, and it is {kept}. Download it to keep it, or publish it.")
            with st.container(key="keep", horizontal=True, horizontal_alignment="center"):
                show_keep_longer(visit, job)
            share(None, picture, job.title or _UNTITLED)
