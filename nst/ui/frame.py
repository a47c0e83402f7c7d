"""What every page stands in: navigation, title, looks, and the one edge at which errors become sentences."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import streamlit as st
from streamlit.navigation.page import Page

from nst.errors import PasticheError
from nst.service import Service
from nst.settings import Settings
from nst.ui import owner
from nst.ui.owner import Owner
from nst.ui.studio import service_of

_ROOT = Path(__file__).parents[2]
_ASSETS = Path(__file__).parent / "assets"
_APOLOGY = "Something went wrong on our side, and we have noted it. Reload the page and try again; your paintings are safe."
_PAGES = {"create": "Create", "gallery": "Gallery", "my_pictures": "My pictures", "status": "Status"}
_ICONS = {
    "create": ":material/brush:",
    "gallery": ":material/photo_library:",
    "my_pictures": ":material/person:",
    "status": ":material/monitor_heart:",
}

log = logging.getLogger(__name__)
_navigation_is_built: ContextVar[bool] = ContextVar("_navigation_is_built", default=False)
P = ParamSpec("P")


@dataclass(frozen=True)
class Visit:
    """Who looks at a page, and what he can ask for."""

    service: Service
    owner: Owner

    @property
    def viewer(self) -> str:
        return self.owner.token


def show() -> None:
    """The entry script: the page that was asked for."""
    page = _navigate()
    token = _navigation_is_built.set(True)
    try:
        page.run()
    finally:
        _navigation_is_built.reset(token)


@contextmanager
def open_page(name: str) -> Iterator[Visit]:
    """What each page is written in.

    A server that nobody has visited yet runs the file of a page without the entry script, if that page is the first one asked for
    (Streamlit does so wherever there is a `pages` folder); then the navigation is built here.
    """
    if not _navigation_is_built.get():
        _navigate()
    st.set_page_config(page_title=f"{_PAGES[name]} · Pastiche", page_icon=str(_ASSETS / "favicon.svg"), layout="wide")
    st.logo(str(_ASSETS / "logo.svg"), size="large")
    st.html(_ASSETS / "style.css")
    _show_tabs()
    try:
        visit = Visit(service_of(Settings()), owner.current())
    except Exception as error:  # the stores are away
        apologise(error)
        st.stop()
    with edge():
        yield visit


def page(name: str) -> Page:
    """For links and switches to a page. Without an icon: for a page that has one, Streamlit fetches it from the internet as the favicon."""
    default = name == "create"  # its path is "/"; what is given is the name by which Streamlit knows the entry script without navigation
    return st.Page(_ROOT / "pages" / f"{name}.py", title=_PAGES[name], url_path="streamlit_app" if default else name, default=default)


@contextmanager
def edge() -> Iterator[None]:
    """Where errors end: the visitor reads a sentence, and what nobody foresaw is logged with the job's id."""
    try:
        yield
    except PasticheError as error:
        st.error(str(error), icon=":material/info:")
    except Exception as error:
        apologise(error)


def guarded(function: Callable[P, None]) -> Callable[P, None]:
    """The edge for a fragment, which Streamlit runs without its page."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> None:
        with edge():
            function(*args, **kwargs)

    return inside


def apologise(error: Exception) -> bool:
    """Logs, and says sorry. True: there is no more to be shown of it."""
    log.error("page failed, job %s", st.query_params.get("job", "-"), exc_info=error)
    st.error(_APOLOGY, icon=":material/sentiment_dissatisfied:")
    return True


def _navigate() -> Page:
    return st.navigation([page(name) for name in _PAGES], position="top")


def _show_tabs() -> None:
    """The menu again at the foot of the page: on a phone, where Streamlit's own folds away, and only there."""
    with st.container(key="tabs", horizontal=True, gap=None):
        for name, icon in _ICONS.items():
            st.page_link(page(name), label=_PAGES[name], icon=icon)
