"""Addresses of sketches, from which the browser fetches them once they are painted, so that the page need not wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

from nst.errors import PasticheError
from nst.http_responses import PRIVATE, picture
from nst.lru import LRUCache
from nst.ui import media
from nst.ui.sketch import sketch_format

Asked = Callable[[], "Future[bytes]"]

_requested: LRUCache[str, Asked] = LRUCache(1024)  # by token; of all visitors, about 15 kB each
_later: LRUCache[str, Asked] = LRUCache(512)  # with the pictures that they are made of, which those of one visitor share


def keep_requested(future: "Future[bytes]") -> str:
    """The token of a sketch that has been requested."""
    return _kept(_requested, lambda: future)


def keep_for_later(request: Asked) -> str:
    """The token of a sketch that is requested when the browser asks for it first."""
    return _kept(_later, cache(request))


async def sketch(request: Request) -> Response:
    """Responds when the sketch is painted. Its URL is unguessable, and given only to the page that requested it."""
    token = request.path_params["token"]
    asked = _requested.get(token) or _later.get(token)
    if asked is None:
        return media.not_found()
    try:
        future = asked()
        data = await asyncio.shield(asyncio.wrap_future(future))  # a request that ends must not cancel the sketch for others
    except PasticheError:
        return media.not_found()
    except asyncio.CancelledError:
        if not future.cancelled():  # the browser has gone
            raise
        return media.not_found()
    return picture(request, lambda: (data, sketch_format(data).media_type), PRIVATE)


def _kept(sketches: LRUCache[str, Asked], asked: Asked) -> str:
    token = token_urlsafe(16)
    sketches.put(token, asked)
    return token
