"""The Gallery page: a carousel of the newest public paintings, and all of them below, newest first.

Every run reads the feed again, from the newest entry down to the last one that the visitor has asked for. So no entry is missing or shown
twice while new ones arrive, and entries that were made private or hidden disappear.
"""

import time

import streamlit as st

from nst.domain import PRESET_SIZES, Cursor, FeedEntry
from nst.styles import StyleEntry
from nst.ui import draft, frame, texts
from nst.ui.cards import open_clicked_card, show_card, show_empty
from nst.ui.components import Slide, carousel
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.publishing import show_report
from nst.ui.urls import job_url, picture_url

PAGE = 24
_POLL_SECONDS = 3.0
_SLIDE_SECONDS = 5.0
_SLIDES = 6


def show_gallery(visit: Visit) -> None:
    styles = visit.service.styles()
    style = _choose_style(styles)
    entries, following = _read(visit, style)
    shown = [entry.job_id for entry in entries[:PAGE]]
    frame.rerun_on_change(lambda: [entry.job_id for entry in visit.service.feed(PAGE, None, style).entries], shown, _POLL_SECONDS)
    if not entries:
        show_empty(
            "Nothing here yet",
            "Be the first: paint a photo and publish it." if style is None else "No painting in this style has been published yet.",
        )
        return
    carousel([_slide(entry, styles) for entry in entries[:_SLIDES]], _SLIDE_SECONDS)
    open_clicked_card()
    with st.container(key="cards"):
        for entry in entries:
            with st.container(key=f"entry_{entry.job_id}", gap="small"):
                _show_entry(visit, entry, styles)
    if following and st.button("Show more", key="more", width="stretch"):
        st.session_state["gallery_end"] = following
        st.rerun()


def paint_like(visit: Visit, job_id: str) -> None:
    """Opens the form with the styles and settings of a painting.

    They travel in the session, not in the URL: removing them from the URL afterwards would add a step to the browser's history.
    """
    with frame.error_boundary():
        draft.begin_like(visit.service, visit.service.get(job_id, visit.viewer))
        st.switch_page(frame.page("create"))


def _choose_style(styles: tuple[StyleEntry, ...]) -> str | None:
    titles = {entry.id: entry.title for entry in styles}
    heading, choice = st.columns([3, 1], vertical_alignment="bottom")
    with heading:
        show_heading("Gallery", "Paintings that visitors have published.")
    return choice.selectbox(
        "Style",
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        key="style",
        placeholder="All styles",
        on_change=_back_to_first_page,
        bind="query-params",
    )


def _read(visit: Visit, style: str | None) -> tuple[list[FeedEntry], Cursor | None]:
    """The entries of all pages the visitor has asked for, and the cursor of the page after them.

    `gallery_end` in the session is the cursor at which the last page asked for begins. It is a place in the feed, not a number of entries.
    """
    reached: Cursor | None = st.session_state.get("gallery_end")
    page = visit.service.feed(PAGE, None, style)
    entries, following = list(page.entries), page.following
    while following is not None and reached is not None and sum(entry.cursor < reached for entry in entries) < PAGE:
        page = visit.service.feed(PAGE, following, style)
        entries += page.entries
        following = page.following
    return entries, following


def _back_to_first_page() -> None:
    st.session_state.pop("gallery_end", None)


def _slide(entry: FeedEntry, styles: tuple[StyleEntry, ...]) -> Slide:
    return Slide(
        before=picture_url(entry.job_id, "before") if entry.input_key else None,
        after=picture_url(entry.job_id, "after"),
        title=texts.style_names(entry.styles, styles),
        href=job_url(entry.job_id),
    )


def _show_entry(visit: Visit, entry: FeedEntry, styles: tuple[StyleEntry, ...]) -> None:
    title = texts.style_names(entry.styles, styles)
    size = entry.params.size or PRESET_SIZES[entry.params.preset]
    show_card(
        job_url(entry.job_id),
        picture_url(entry.job_id, "small-after"),
        picture_url(entry.job_id, "small-before") if entry.input_key else None,
        f"Painting in the style {title}",
        title,
        f"{texts.PRESETS[entry.params.preset]}, {size} px · {texts.ago(time.time() - entry.published)}",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Paint mine like this", key=f"like_{entry.job_id}"):
            paint_like(visit, entry.job_id)
        show_report(visit, entry.job_id)
