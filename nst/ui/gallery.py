"""The public feed: a large painting after the other, and all of them below, newest first.

What is shown is always read anew, from the newest down to the last one that the visitor has asked for: so nothing is left out or shown
twice while new paintings arrive, and what was made private or hidden is gone.
"""

import time

import streamlit as st

from nst.domain import PRESET_SIZES, Cursor, FeedEntry
from nst.ui import admin, frame, like, pictures, texts
from nst.ui.cards import show_card, show_empty
from nst.ui.components import Slide, showcase
from nst.ui.frame import Visit, guarded
from nst.ui.heading import show_heading

PAGE = 24
_LOOK_SECONDS = 3.0
_TURN_SECONDS = 5.0
_SHOWN_LARGE = 6


def show_gallery(visit: Visit) -> None:
    style = _chosen_style(visit)
    entries, following = _read(visit, style)
    st.fragment(guarded(_look_for_news), run_every=_LOOK_SECONDS)(visit, style, [entry.job_id for entry in entries[:PAGE]])
    if not entries:
        show_empty(
            "Nothing here yet",
            "Be the first: paint a photo and publish it." if style is None else "Nobody has published one in this style yet.",
        )
        if st.button("Paint a photo", key="to_create", type="primary", icon=":material/brush:"):
            st.switch_page(frame.page("create"))
        return
    showcase([_slide(visit, entry) for entry in entries[:_SHOWN_LARGE]], _TURN_SECONDS)
    with st.container(key="cards"):
        for entry in entries:
            with st.container(key=f"entry_{entry.job_id}", gap="small"):
                _show_entry(visit, entry)
    if following and st.button("Show more", key="more", width="stretch"):
        st.session_state["gallery_end"] = following
        st.rerun()


def _chosen_style(visit: Visit) -> str | None:
    titles = {entry.id: entry.title for entry in visit.service.styles()}
    heading, choice = st.columns([3, 1], vertical_alignment="bottom")
    with heading:
        show_heading("Gallery", "Painted here, and shown by those who made them.")
    return choice.selectbox(
        "Style",
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        key="style",
        placeholder="All styles",
        on_change=_from_the_top,
        bind="query-params",
    )


def _read(visit: Visit, style: str | None) -> tuple[list[FeedEntry], Cursor | None]:
    """All down to where the visitor has come, in whole pages; and where the next one begins.

    `gallery_end` is where the last page begun so far starts: a place in the feed, and not a number of entries.
    """
    reached: Cursor | None = st.session_state.get("gallery_end")
    page = visit.service.feed(PAGE, None, style)
    entries, following = list(page.entries), page.following
    while following is not None and reached is not None and sum(entry.cursor < reached for entry in entries) < PAGE:
        page = visit.service.feed(PAGE, following, style)
        entries += page.entries
        following = page.following
    return entries, following


def _look_for_news(visit: Visit, style: str | None, shown: list[str]) -> None:
    """Draws nothing. Only when there is something new is the page drawn again, so that nobody's scrolling or typing is disturbed."""
    now = [entry.job_id for entry in visit.service.feed(PAGE, None, style).entries]
    if now != shown:
        st.rerun()


def _from_the_top() -> None:
    st.session_state.pop("gallery_end", None)


def _slide(visit: Visit, entry: FeedEntry) -> Slide:
    return Slide(
        before=pictures.address(entry.job_id, "before"),
        after=pictures.address(entry.job_id, "after"),
        title=pictures.style_names(entry.styles, visit.service.styles()),
        href=f"/?job={entry.job_id}",
    )


def _show_entry(visit: Visit, entry: FeedEntry) -> None:
    title = pictures.style_names(entry.styles, visit.service.styles())
    size = entry.params.size or PRESET_SIZES[entry.params.preset]
    show_card(
        f"/?job={entry.job_id}",
        pictures.address(entry.job_id, "small-after"),
        pictures.address(entry.job_id, "small-before"),
        f"Painting in the style {title}",
        title,
        f"{texts.PRESETS[entry.params.preset]}, {size} px · {texts.ago(time.time() - entry.published)}",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Paint mine like this", key=f"like_{entry.job_id}"):
            like.paint_like(visit, entry.job_id)
        with st.popover("Report", icon=":material/flag:", type="tertiary", key=f"report_{entry.job_id}"):
            _show_report(visit, entry)


def _show_report(visit: Visit, entry: FeedEntry) -> None:
    st.markdown("**Is this unsuitable for everybody?**")
    reason = st.text_input("What is wrong with it?", key=f"reason_{entry.job_id}", max_chars=200, placeholder="You may leave this empty.")
    if st.button("Report it", key=f"report_now_{entry.job_id}", icon=":material/flag:"):
        with frame.edge():
            visit.service.report(entry.job_id, visit.viewer, reason or "")
            st.toast("Thank you. It leaves the gallery as soon as enough visitors have reported it.")
    admin.show_hide(visit, entry.job_id)
