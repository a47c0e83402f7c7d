"""Downloads that only one browser can fetch.

Streamlit serves the file behind a download button at an unguessable URL, to anyone who has that URL. A visitor might pass on the URL of a
private painting by mistake, so the first owner who fetches a file is the only one who can. Streamlit gives equal files of equal names the
same URL: those of a published painting have another name for each visitor.
"""

from hashlib import sha256

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.domain import Job
from nst.lru import LRUCache
from nst.ui import owner, urls

_STREAMLIT_FILES = "/media/"
_REMEMBERED = 10_000  # files


def file_name(job: Job, viewer: str, suffix: str) -> str:
    """The name of a file about a painting, for one visitor: for its owner, and for others, to whom `job` has no owner."""
    name = job.id if job.owner else sha256(f"{job.id} {viewer}".encode()).hexdigest()
    return f"pastiche-{name[:8]}{suffix}"


class PrivateDownloads:
    """Middleware that answers 404 to every owner but the first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owners: LRUCache[str, str] = LRUCache(_REMEMBERED)  # by path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not urls.route_path(scope).startswith(_STREAMLIT_FILES):
            await self._app(scope, receive, send)
            return
        path, asking = scope["path"], owner.cookie_in(Headers(scope=scope))
        if self._owners.get(path) not in (None, asking):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
            return

        async def send_and_remember(message: Message) -> None:
            if message["type"] == "http.response.start" and "attachment" in Headers(raw=message["headers"]).get("content-disposition", ""):
                self._owners.put(path, asking)
            await send(message)

        await self._app(scope, receive, send_and_remember)
