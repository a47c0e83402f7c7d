"""A finished painting: beside its photo, to take along, to show, to vary."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from nst import images
from nst.domain import Job, StyleParams
from nst.images import STORED, Format
from nst.ui import draft, frame, like, pictures
from nst.ui.components import compare
from nst.ui.frame import Visit
from nst.ui.heading import show_heading

_QUALITY = 95


def show_result(visit: Visit, job: Job) -> None:
    is_mine = bool(job.owner)
    title = pictures.style_names(job.styles, visit.service.styles())
    with st.container(key="result"):
        show_heading(title, view=f"{job.id}-{job.state}", tab="Your painting" if is_mine else None, small=True)
        compare(
            before=pictures.source(visit.service, visit.owner, job, "before"),
            after=pictures.source(visit.service, visit.owner, job, "after"),
            shape=pictures.shape(visit.service, job, visit.viewer),
            alt=f"Painting in the style {title}",
        )
        with st.container(key="actions", horizontal=True, horizontal_alignment="center"):
            _show_downloads(visit, job)
            if is_mine:
                _show_visibility(visit, job)
                show_again(visit, job)
                show_another()
            elif st.button("Paint mine like this", key=f"like_{job.id}", type="primary", icon=":material/brush:"):
                like.paint_like(visit, job.id)
        _show_link(job, is_mine)
        _show_recipe(job)


def show_again(visit: Visit, job: Job) -> None:
    """Back to the form, with everything as it was."""
    if st.button("Again with other settings", key="again", icon=":material/tune:"):
        with frame.edge():
            draft.begin_again(visit.service.order(job.id, visit.viewer))
            del st.query_params["job"]
            st.rerun()


def show_another() -> None:
    """Back to the form, as the visitor left it."""
    if st.button("New painting", key="another", type="tertiary", icon=":material/add:"):
        del st.query_params["job"]
        st.rerun()


def _show_downloads(visit: Visit, job: Job) -> None:
    for format, key in ((Format.PNG, "download"), (Format.JPEG, "download_jpeg")):
        st.download_button(
            f"Download {format.upper()}",
            partial(_file, visit, job.id, format),  # made when it is asked for
            file_name=f"pastiche-{job.id[:8]}{format.suffix}",
            mime=format.media_type,
            key=key,
            on_click="ignore",
            icon=":material/download:",
        )


def _file(visit: Visit, job_id: str, format: Format) -> bytes:
    picture = images.decode(visit.service.result(job_id, visit.viewer), STORED)
    return images.encode(picture, format, _QUALITY)


def _show_visibility(visit: Visit, job: Job) -> None:
    if job.public:
        if st.button("Make private", key="make_private", icon=":material/lock:"):
            visit.service.make_private(job.id, visit.viewer)
            st.rerun()
    elif st.button("Publish", key="publish", type="primary", icon=":material/public:"):
        visit.service.publish(job.id, visit.viewer)
        st.rerun()


def _show_link(job: Job, is_mine: bool) -> None:
    with st.container(key="share"):
        if job.is_in_feed:
            address = urlsplit(st.context.url or "")
            st.caption("In the gallery, for everybody to see. Its link:")
            st.code(f"{address.scheme}://{address.netloc}/?job={job.id}", language=None, wrap_lines=True)
        elif job.hidden:
            st.caption("This painting was taken out of the gallery, since visitors reported it or an administrator hid it.")
        elif is_mine:
            st.caption(":material/lock: Private: it opens in this browser alone. Publish it, with its photo, to share a link.")


def _show_recipe(job: Job) -> None:
    with st.expander("Recipe", icon=":material/receipt_long:"):
        st.caption("Everything that it takes to paint it again.")
        st.json(_recipe(job), expanded=True)


def _recipe(job: Job) -> dict[str, Any]:
    plain = StyleParams().to_dict()
    changed = {name: value for name, value in job.params.to_dict().items() if value != plain[name]}
    asked = {"styles": {style.name if not style.is_upload else "own picture": style.share for style in job.styles}, "settings": changed}
    return {**asked, "painted": dict(job.recipe or {}), "seconds": round((job.finished or 0) - (job.started or 0), 1)}
