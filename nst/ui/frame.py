"""The frame of every page: navigation, title, style sheet, and the one place where errors become sentences."""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import streamlit as st
from streamlit.navigation.page import Page

from nst.client_network import client_network
from nst.domain.keys import is_job_id
from nst.errors import PasticheError, StoreUnavailable
from nst.service import Service
from nst.ui import owner, singletons
from nst.ui.owner import Owner

_ROOT = Path(__file__).parents[2]
_ASSETS = Path(__file__).parent / "assets"
_APOLOGY = "Something went wrong on our side. It has been logged. Reload the page and try again; your paintings are safe."
_PAGES = {"create": "Create", "gallery": "Gallery", "my_pictures": "My pictures", "status": "Status"}
_ICONS = {
    "create": ":material/brush:",
    "gallery": ":material/photo_library:",
    "my_pictures": ":material/person:",
}
"""Of the pages in the menu. The others are linked at the foot of each page."""

log = logging.getLogger(__name__)
_navigation_is_built: ContextVar[bool] = ContextVar("_navigation_is_built", default=False)
P = ParamSpec("P")


@dataclass(frozen=True)
class Visit:
    """A visitor looking at a page, and the service that answers them.

    Attributes:
        network: that they come from; None on the server's own machine.
    """

    service: Service
    owner: Owner
    network: str | None = None

    @property
    def viewer(self) -> str:
        return self.owner.token


def run_page() -> None:
    """Runs the requested page. The entry script calls this."""
    page = _navigate()
    token = _navigation_is_built.set(True)
    try:
        page.run()
    finally:
        _navigation_is_built.reset(token)


@contextmanager
def open_page(name: str) -> Iterator[Visit]:
    """The frame around a page's content.

    On a server without visits so far, a deep link makes Streamlit run the page's file without the entry script (it does so wherever
    there is a `pages` folder). The navigation is built here then.
    """
    if not _navigation_is_built.get():
        _navigate()
    st.set_page_config(page_title=f"{_PAGES[name]} · Pastiche", page_icon=str(_ASSETS / "favicon.svg"), layout="wide")
    st.logo(str(_ASSETS / "logo.svg"), size="large")
    _show_tabs()
    visit = None
    with error_boundary():
        address = st.context.ip_address
        visit = Visit(singletons.service(), owner.current(), client_network(address) if isinstance(address, str) else None)
    if visit is None:
        st.stop()
    with error_boundary():
        yield visit
    _show_foot()


def page(name: str) -> Page:
    """A page to link or switch to. It has no icon: Streamlit would fetch a page's icon from the internet, to show it as the favicon."""
    default = name == "create"  # served at "/"; this url_path is Streamlit's own name for an entry script without navigation
    return st.Page(
        _ROOT / "pages" / f"{name}.py",
        title=_PAGES[name],
        url_path="streamlit_app" if default else name,
        default=default,
        visibility="visible" if name in _ICONS else "hidden",
    )


@contextmanager
def error_boundary() -> Iterator[None]:
    """Shows errors as sentences instead of raising them. Unexpected ones are logged with the job's id."""
    try:
        yield
    except PasticheError as error:
        if isinstance(error, StoreUnavailable):
            log.warning("the store is away: %s", error.reason)
        st.error(str(error), icon=":material/info:")
    except Exception as error:
        if _is_of_overlapping_runs(error):
            log.info("two runs of a page overlapped: it runs once more")
            st.rerun()
        show_apology(error)


def _is_of_overlapping_runs(error: Exception) -> bool:
    """On a busy machine, Streamlit starts a page's next run before the last one ends, and each locks the session's state for itself."""
    return isinstance(error, RuntimeError) and "changed size during iteration" in str(error)


def with_error_boundary(function: Callable[P, None]) -> Callable[P, None]:
    """The same for a fragment, which Streamlit runs without its page."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> None:
        with error_boundary():
            function(*args, **kwargs)

    return inside


def rerun_on_change(read: Callable[[], object], shown: object, seconds: float) -> None:
    """Draws nothing, and redraws the page once `read` returns something else, so that scrolling and typing are not disturbed."""

    def check() -> None:
        if read() != shown:
            st.rerun()

    st.fragment(with_error_boundary(check), run_every=seconds)()


def show_apology(error: Exception) -> bool:
    """Logs an unexpected error and apologises to the visitor. Returns True, so that Streamlit does not show the error itself."""
    job_id = st.query_params.get("job", "")
    if _is_of_a_sent_value(error):
        log.debug("a page was sent a value that is not its widget's", exc_info=error)
    else:
        log.error("page failed, job %s", job_id if is_job_id(job_id) else "-", exc_info=error)
    st.error(_APOLOGY, icon=":material/sentiment_dissatisfied:")
    return True


def _is_of_a_sent_value(error: Exception) -> bool:
    """Whether Streamlit could not read the value of a widget, which only a program that imitates a browser sends."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_code.co_name == "deserialize" and frame.f_globals.get("__name__", "").startswith("streamlit.") for frame in frames)


def _navigate() -> Page:
    return st.navigation([page(name) for name in _PAGES], position="top")


def _show_foot() -> None:
    with st.container(key="foot", horizontal=True, horizontal_alignment="center"):
        for name in _PAGES:
            if name not in _ICONS:
                st.page_link(page(name), label=_PAGES[name])


def _show_tabs() -> None:
    """The menu at the foot of the page. The style sheet shows it on phones only, where Streamlit's own menu is folded away."""
    with st.container(key="tabs", horizontal=True, gap=None):
        for name, icon in _ICONS.items():
            st.page_link(page(name), label=_PAGES[name], icon=icon)
