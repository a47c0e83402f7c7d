"""The owner: a visitor's browser, identified by a signed cookie that scripts cannot read (`nst.service.visitors`).

The server sets the cookie with the first page (`OwnerCookie`); pages read it from the connection.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import StoreUnavailable
from nst.http_security import is_https
from nst.service.visitors import Visitor, new_token, owner_of
from nst.ui import singletons, urls

COOKIE = "pastiche_owner"
_NAMES = (f"__Host-{COOKIE}", f"__Secure-{COOKIE}", COOKIE)  # the safest first: no other site and no http response can set the first
_MAX_AGE = 365 * 24 * 3600  # seconds; browsers keep a cookie for 400 days at most


@dataclass(frozen=True)
class Owner:
    """
    Attributes:
        token: its name in records.
        has_cookie: whether the browser keeps a cookie and sends it with requests for pictures.
        since: when the cookie was issued, in seconds since the epoch; None without one.
    """

    token: str
    has_cookie: bool
    since: float | None = None


def current() -> Owner:
    """The owner of the page that is being drawn. Without a cookie, one that lasts until the page is closed.

    Raises:
        StoreUnavailable: when the cookie cannot be checked.
    """
    visitor = _visitor(st.context.cookies)
    if visitor is not None:
        return Owner(visitor.owner, has_cookie=True, since=visitor.since)
    temporary: str = st.session_state.setdefault("temporary_owner", owner_of(new_token()))
    return Owner(temporary, has_cookie=False)


def in_headers(headers: Headers) -> str:
    """The owner of a request; an empty string if there is none.

    Raises:
        StoreUnavailable: when the cookie cannot be checked.
    """
    visitor = _visitor(_cookies(headers))
    return visitor.owner if visitor else ""


def cookie_in(headers: Headers) -> str:
    """The cookie of a request, unchecked: it only distinguishes browsers."""
    cookies = _cookies(headers)
    return next((cookies[name] for name in _NAMES if name in cookies), "")


class OwnerCookie:
    """Middleware that sets the cookie of browsers that request a page without a valid one.

    It is added only to pages, which no cache may keep: visitors who receive the same cookie from a cache would be one owner.

    Args:
        embedded: whether the app is shown in a frame of another site, as on Hugging Face. Browsers then need `SameSite=None`.
    """

    def __init__(self, app: ASGIApp, embedded: bool) -> None:
        self._app, self._embedded = app, embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        request = Headers(scope=scope)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                with suppress(StoreUnavailable):  # the page says so itself
                    if cookie := await run_in_threadpool(self._new_cookie, request, is_https(scope)):
                        headers = MutableHeaders(scope=message)
                        headers.append("Set-Cookie", cookie)
                        headers["Cache-Control"] = "private, no-store"
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _new_cookie(self, request: Headers, is_https: bool) -> str:
        """Empty when the browser has a valid one. On https, one without a prefix does not count, which anything on http can set."""
        path, cookies, visitors = urls.base_path(request) or "/", _cookies(request), singletons.service().visitors
        is_secure = is_https or self._embedded
        name = COOKIE if not is_secure else f"__Host-{COOKIE}" if path == "/" else f"__Secure-{COOKIE}"
        if _is_signed(cookies.get(name, "")) and visitors.read(cookies[name]):
            return ""
        return f"{name}={visitors.renew(cookies.get(COOKIE, ''))}; Path={path}; Max-Age={_MAX_AGE}; HttpOnly; {self._same_site(is_secure)}"

    def _same_site(self, is_secure: bool) -> str:
        if self._embedded:
            return "SameSite=None; Secure; Partitioned"
        return "SameSite=Lax; Secure" if is_secure else "SameSite=Lax"


def _visitor(cookies: Mapping[str, str]) -> Visitor | None:
    sent = [cookie for name in _NAMES if isinstance(cookie := cookies.get(name), str)]  # Streamlit's AppTest has other objects there
    visitors = singletons.service().visitors if sent else None
    return next((visitor for cookie in sent if visitors and (visitor := visitors.read(cookie))), None)


def _cookies(headers: Headers) -> dict[str, str]:
    cookies = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in cookies.items()}


def _is_signed(cookie: str) -> bool:
    return "." in cookie


def _is_page(response: Message) -> bool:
    return response["status"] == 200 and Headers(raw=response["headers"]).get("content-type", "").startswith("text/html")
