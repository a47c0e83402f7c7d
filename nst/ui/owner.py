"""Who a visitor is: an unguessable token that his browser keeps in a cookie which no script can read.

The server sets it with the first page (`OwnerCookie`); pages read it from the connection.
"""

import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "pastiche_owner"
_YEAR = 365 * 24 * 3600  # browsers keep no cookie longer than 400 days
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Owner:
    """
    Attributes:
        is_kept: whether the browser will still know the token tomorrow, and sends it along when it fetches pictures.
    """

    token: str
    is_kept: bool


def current() -> Owner:
    """The visitor whose page this is. Where the browser keeps no cookies, he is somebody until he closes the page."""
    token = st.context.cookies.get(COOKIE)
    if isinstance(token, str) and _TOKEN.fullmatch(token):
        return Owner(token, is_kept=True)
    passing: str = st.session_state.setdefault("passing_owner", new_token())
    return Owner(passing, is_kept=False)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def in_headers(headers: Headers) -> str:
    """The owner's token of a request; empty when there is none."""
    cookies = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    token = cookies[COOKIE].value if COOKIE in cookies else ""
    return token if _TOKEN.fullmatch(token) else ""


class OwnerCookie:
    """Middleware: a browser that asks for a page and has no token gets one.

    Args:
        embedded: the app is shown in a frame of another site, as on Hugging Face; browsers send it only cookies that say so.
    """

    def __init__(self, app: ASGIApp, embedded: bool) -> None:
        self._app, self._embedded = app, embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secure = "https" in (scope["scheme"], headers.get("x-forwarded-proto"))

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), headers, secure)
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _dress(self, answer: MutableHeaders, request: Headers, secure: bool) -> None:
        answer["Referrer-Policy"] = "same-origin"  # addresses carry job ids
        if not self._embedded:
            answer["Content-Security-Policy"] = "frame-ancestors 'self'"
        if not in_headers(request):
            answer.append("Set-Cookie", f"{COOKIE}={new_token()}; Path=/; Max-Age={_YEAR}; HttpOnly; {self._reach(secure)}")

    def _reach(self, secure: bool) -> str:
        if self._embedded:
            return "SameSite=None; Secure; Partitioned"
        return "SameSite=Lax; Secure" if secure else "SameSite=Lax"


def _is_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
