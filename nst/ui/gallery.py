"""The Gallery page: a carousel of public paintings, and all of them below, the newest or the most liked first.

Every run reads the feed again, from its first entry down to the last one that the visitor has asked for. So no entry is missing or shown
twice while new ones arrive, and entries that were made private or hidden disappear. The first page is read for all visitors together.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from nst.domain import PRESET_SIZES, Cursor, FeedEntry, FeedOrder, Page
from nst.styles import StyleEntry
from nst.ui import frame, past_drafts, texts
from nst.ui.cards import is_long, open_clicked_card, show_card, show_empty
from nst.ui.components import Slide, address_step, carousel, keep_in_address
from nst.ui.examples import show_examples
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.likes import show_like
from nst.ui.publishing import show_report
from nst.ui.thumbnails import entry_src
from nst.ui.titles import style_line, title_of
from nst.ui.urls import job_url, url

PAGE = 24
_POLL_SECONDS = 3.0
_SEARCH_POLL_SECONDS = 30.0  # a search costs more than a page
_SLIDE_SECONDS = 5.0
_SLIDES = 6
_MINE = "mine"
_LAST = "gallery_choice"
_TURN = "gallery_turn"
_CHANGED = "gallery_changed"
_MOST_CHARACTERS = 100  # of a search
_NOTHING = {"search": "", "style": None, "order": FeedOrder.NEWEST.value}
_ORDERS = {FeedOrder.NEWEST.value: "Newest", FeedOrder.LIKED.value: "Most liked", _MINE: "Liked by me"}


@dataclass(frozen=True)
class Choice:
    """What a visitor wants to see, and in which order.

    Attributes:
        is_mine: only what the visitor likes, those liked last in front, whatever the style and the search are.
    """

    style: str | None
    order: FeedOrder
    query: str
    is_mine: bool = False

    @property
    def is_narrowed(self) -> bool:
        return bool(self.style or self.query)

    def page(self, visit: Visit, before: Cursor | None = None) -> Page:
        if self.is_mine:
            return visit.service.gallery.liked_by(visit.viewer, PAGE, before)
        if before is None and not self.query:
            return visit.service.gallery.head(PAGE, self.style, self.order)
        return visit.service.gallery.page(PAGE, before, self.style, self.order, self.query)


def show_gallery(visit: Visit) -> None:
    styles = visit.service.styles()
    show_heading("Gallery", "Paintings that visitors have published.")
    choice = _choose(styles)
    first = choice.page(visit)
    entries, following = _read(visit, choice, first)
    poll_seconds = _SEARCH_POLL_SECONDS if choice.query or choice.is_mine else _POLL_SECONDS
    frame.rerun_on_change(lambda: _shown_facts(choice.page(visit).entries), _shown_facts(first.entries), poll_seconds)
    if not entries:
        _show_nothing(visit, choice, is_over=following is None)
    elif not choice.query and not choice.is_mine:
        carousel([_slide(visit, entry, styles) for entry in entries[_SLIDES - 1 :: -1]], _SLIDE_SECONDS)
    open_clicked_card()
    liked = visit.service.gallery.liked(visit.viewer, [entry.job_id for entry in entries])
    with st.container(key="cards"):
        for entry in entries:
            with st.container(key=f"entry_{entry.job_id}", gap="small"):
                _show_entry(visit, entry, styles, liked=entry.job_id in liked)
    if following and st.button("Show more" if entries else "Search older paintings", key="more", width="stretch"):
        st.session_state["gallery_end"], st.session_state["liked_shown"] = following, len(entries) + PAGE
        st.rerun()


def paint_like(visit: Visit, job_id: str) -> None:
    """Opens the form with the styles and settings of a painting.

    They travel in the session, not in the URL: removing them from the URL afterwards would add a step to the browser's history.
    """
    with frame.error_boundary():
        past_drafts.begin_like(visit.service, visit.service.get(job_id, visit.viewer))
        st.switch_page(frame.page("create"))


def _choose(styles: tuple[StyleEntry, ...]) -> Choice:
    _choose_as_before(styles)
    is_mine = st.session_state.get("order") == _MINE
    with st.container(key="gallery_tools", horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            "Search",
            key="search",
            type="search",
            placeholder="A title, van gogh, watercolour …",
            max_chars=_MOST_CHARACTERS,
            on_change=_change,
            disabled=is_mine,
        )
        style = _choose_style(styles, disabled=is_mine)
        order = st.segmented_control(
            "Order",
            list(_ORDERS),
            required=True,
            format_func=_ORDERS.__getitem__,
            key="order",
            on_change=_change,
        )
    _keep_choice(styles, {"search": query, "style": style, "order": order})
    if order == _MINE:
        return Choice(None, FeedOrder.NEWEST, "", is_mine=True)
    return Choice(style, FeedOrder(order or FeedOrder.NEWEST), (query or "").strip())


def _keep_choice(styles: tuple[StyleEntry, ...], choice: dict[str, str | None]) -> None:
    """Keeps the choice for the visitor's return to the page, and in its address, with the style's title there."""
    now = st.session_state
    now[_LAST] = choice
    title = next((entry.title for entry in styles if entry.id == choice["style"]), None)
    order = choice["order"] if choice["order"] != FeedOrder.NEWEST else None
    named = {key: value for key, value in {**choice, "style": title, "order": order}.items() if value}
    keep_in_address(url("gallery"), named, now.get(_TURN, 0), lambda: _follow_step(styles), changed=now[_CHANGED])


def _choose_as_before(styles: tuple[StyleEntry, ...]) -> None:
    """Chooses what the address says, or else what was chosen last in this visit: Streamlit forgets it while another page is shown."""
    if "order" not in st.session_state:  # the page is opened
        st.session_state[_CHANGED] = False
    named = _named(st.query_params, styles)
    for key, value in (named if any(named.values()) else st.session_state.get(_LAST, named)).items():
        st.session_state.setdefault(key, value or _NOTHING[key])


def _follow_step(styles: tuple[StyleEntry, ...]) -> None:
    """Chooses what the address says after Back or Forward."""
    match address_step():
        case {"turn": int(turn), **parameters}:
            named = _named({str(key): value for key, value in parameters.items() if isinstance(value, str)}, styles)
            st.session_state.update({key: value or _NOTHING[key] for key, value in named.items()})
            st.session_state[_TURN] = turn
            _back_to_first_page()


def _named(parameters: Mapping[str, str], styles: tuple[StyleEntry, ...]) -> dict[str, str | None]:
    """The choice in an address, which may be anything."""
    order, ids = parameters.get("order"), {entry.title: entry.id for entry in styles}
    search = parameters.get("search", "")[:_MOST_CHARACTERS]
    return {"search": search, "style": ids.get(parameters.get("style", "")), "order": order if order in _ORDERS else None}


def _choose_style(styles: tuple[StyleEntry, ...], *, disabled: bool) -> str | None:
    titles = {entry.id: entry.title for entry in styles}
    return st.selectbox(
        "Style",
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        key="style",
        placeholder="All styles",
        on_change=_change,
        disabled=disabled,
    )


def _show_nothing(visit: Visit, choice: Choice, *, is_over: bool) -> None:
    if choice.is_mine:
        show_empty("Nothing here yet", "Press the heart below a painting that you like, and it is kept here.")
    elif not is_over:
        show_empty("Nothing found yet", "None of the paintings searched so far matches. Search older ones, or try another word or style.")
    elif choice.is_narrowed:
        show_empty("Nothing found", "No painting in the gallery matches. Try another word or style.")
    else:
        show_empty("Nothing here yet", "Be the first: paint a photo and publish it.")
        show_examples(visit)


def _shown_facts(entries: Sequence[FeedEntry]) -> list[tuple[str, str | None]]:
    """The page is redrawn when any of these changes. Likes are not among them: each would redraw the page of everybody who looks."""
    return [(entry.job_id, entry.title) for entry in entries]


def _read(visit: Visit, choice: Choice, page: Page) -> tuple[list[FeedEntry], Cursor | None]:
    """The entries of all pages the visitor has asked for, and the cursor of the page after them.

    `gallery_end` in the session is the cursor at which the last page asked for begins. It is a place in the feed, not a number of entries.

    Args:
        page: the first one.
    """
    reached: Cursor | None = st.session_state.get("gallery_end")
    place = choice.order.place
    entries, following = list(page.entries), page.following
    while choice.is_mine and following is not None and len(entries) < st.session_state.get("liked_shown", PAGE):
        page = choice.page(visit, following)
        entries, following = [*entries, *page.entries], page.following
    while (
        not choice.is_mine
        and following is not None
        and reached is not None
        and sum(place(entry.cursor) < place(reached) for entry in entries) < PAGE
    ):
        page = choice.page(visit, following)
        known = {entry.job_id for entry in entries}  # one that has lost a like since the first page was read is on two pages
        entries += [entry for entry in page.entries if entry.job_id not in known]
        following = page.following
    return entries, following


def _change() -> None:
    st.session_state[_CHANGED] = True
    _back_to_first_page()


def _back_to_first_page() -> None:
    for name in ("gallery_end", "liked_shown"):
        st.session_state.pop(name, None)


def _slide(visit: Visit, entry: FeedEntry, styles: tuple[StyleEntry, ...]) -> Slide:
    return Slide(
        before=entry_src(visit.service, entry, "before"),
        after=entry_src(visit.service, entry, "after") or "",
        title=title_of(entry, styles),
        href=job_url(entry.job_id),
        whole=is_long(entry.ratio),
    )


def _show_entry(visit: Visit, entry: FeedEntry, styles: tuple[StyleEntry, ...], *, liked: bool) -> None:
    size = entry.params.size or PRESET_SIZES[entry.params.preset]
    quality = f"{texts.PRESETS[entry.params.preset]}, {size} px" if entry.styles else ""  # unknown, as the styles are
    facts = style_line(entry, styles), quality, texts.ago(time.time() - entry.published)
    show_card(
        job_url(entry.job_id),
        entry_src(visit.service, entry, "small-after") or "",
        entry_src(visit.service, entry, "small-before"),
        f"Painting in the style {texts.style_names(entry, styles)}",
        title_of(entry, styles),
        " · ".join(filter(None, facts)),
        ratio=entry.ratio,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Paint mine like this", key=f"like_{entry.job_id}"):
            paint_like(visit, entry.job_id)
        show_like(visit, entry.job_id, entry.likes, liked=liked)
        show_report(visit, entry.job_id)
