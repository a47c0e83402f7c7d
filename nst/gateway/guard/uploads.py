"""Limits on files that pages upload. Streamlit keeps each in memory while its session lives, whether a widget shows it or not.

Not thread-safe: all of it belongs to one event loop.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import InvalidRequest, PasticheError
from nst.gateway.guard.body_limit import Body, error_response, read_body
from nst.gateway.guard.memory_budget import InboundBudget, Reservation, server_busy
from nst.gateway.guard.rate_limits import client_address
from nst.gateway.requests import too_large

MAX_FILES = 8
"""Of a session. The pages have three upload fields; Streamlit's page deletes a file when another takes its place."""
SESSION_FACTOR = 3  # times the largest file: bytes of a session's files
KEEP_SECONDS = 120.0
"""After the connection was closed, as long as Streamlit lets a browser take up its session again: a phone may be put away for a minute."""
FORM_BYTES = 10_000  # of the multipart form around a file
_PIECE_BYTES = 262_144  # the form is parsed in the event loop, with others between the pieces
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class UploadStore(Protocol):
    """The files that Streamlit keeps."""

    def is_connected(self, session: str) -> bool:
        """Whether the session exists and has an open WebSocket."""

    def sizes(self) -> dict[str, dict[str, int]]:
        """Bytes of all files by session and file id, the oldest first."""

    def remove(self, session: str, file_id: str) -> None: ...

    def empty_removed(self) -> None:
        """Release the memory that sessions still hold of files that were removed."""


class UploadBudget:
    """Bytes of uploaded files: of a session, of an address, and of all.

    Args:
        max_bytes: of a file.
        capacity: bytes of all; one address may have half of them.
    """

    def __init__(self, store: UploadStore, max_bytes: int, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._of_session = SESSION_FACTOR * max_bytes
        self._capacity = max(capacity, 2 * self._of_session)
        self._addresses: dict[str, str] = {}
        self._connected_at: dict[str, float] = {}

    def admit(self, session: str, address: str) -> None:
        """
        Raises:
            InvalidRequest: when there is no such session.
            ServerBusy: when the address has its share of files.
        """
        if not self._store.is_connected(session):
            raise InvalidRequest("There is no such session. Reload the page.")
        self._addresses[session] = address
        sizes = self._store.sizes()
        if self._used(sizes)[address] >= self._capacity // 2:
            self._remove_disconnected(session for session in sizes if self._addresses.get(session) == address)
        if self._used(self._store.sizes())[address] >= self._capacity // 2:
            raise server_busy()
        if self._used(self._store.sizes()).total() >= self._capacity:
            self._make_room(address)

    def trim(self, session: str) -> None:
        """Remove the session's oldest files beyond its limits."""
        files = self._store.sizes().get(session, {})
        for file_id in list(files)[:-1]:
            if len(files) <= MAX_FILES and sum(files.values()) <= self._of_session:
                return
            del files[file_id]
            self._store.remove(session, file_id)

    def release(self) -> None:
        """Remove the files of sessions whose connection was closed a while ago, and what is left of files that were removed."""
        now, sizes = self._clock(), self._store.sizes()
        self._addresses = {session: address for session, address in self._addresses.items() if session in sizes}
        for session in sizes:
            if self._store.is_connected(session):
                self._connected_at[session] = now
        self._connected_at = {session: self._connected_at.get(session, now) for session in sizes}
        self._remove(session for session, at in self._connected_at.items() if now - at > KEEP_SECONDS)
        self._store.empty_removed()

    def _make_room(self, address: str) -> None:
        """Remove files of closed pages, then of the address that has most.

        Raises:
            ServerBusy: when that is this address.
        """
        self._remove_disconnected(self._store.sizes())
        while (used := self._used(self._store.sizes())).total() >= self._capacity:
            most = used.most_common(1)[0][0]
            if most == address:
                raise server_busy()
            of_most = {session: files for session, files in self._store.sizes().items() if self._addresses.get(session, "") == most}
            self._remove([max(of_most, key=lambda session: sum(of_most[session].values()))])

    def _used(self, sizes: dict[str, dict[str, int]]) -> Counter[str]:
        """Bytes by address."""
        used: Counter[str] = Counter()
        for session, files in sizes.items():
            used[self._addresses.get(session, "")] += sum(files.values())
        return used

    def _remove_disconnected(self, sessions: Iterable[str]) -> None:
        self._remove(session for session in sessions if not self._store.is_connected(session))

    def _remove(self, sessions: Iterable[str]) -> None:
        sizes = self._store.sizes()
        for session in list(sessions):
            for file_id in sizes.get(session, {}):
                self._store.remove(session, file_id)


class UploadLimit:
    """Middleware: an upload that is too large, too slow, beyond the budgets or for no session gets an error; others reach Streamlit whole.

    Args:
        max_bytes: of a file.
    """

    def __init__(self, app: ASGIApp, budget: InboundBudget, uploads: UploadBudget, max_bytes: int) -> None:
        self._app, self._budget, self._uploads, self._max_bytes = app, budget, uploads, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        address = client_address(scope)
        with self._budget.reserve(address) as reservation:
            try:
                self._uploads.admit(found[1], address)
                body = await self._body(receive, reservation)
                self._uploads.admit(found[1], address)  # others may have arrived meanwhile
            except PasticheError as error:
                await error_response(error)(scope, receive, send)
                return
            if body is not None:
                await self._app(scope, _in_pieces(body, receive), send)
                self._uploads.trim(found[1])

    async def _body(self, receive: Receive, reservation: Reservation) -> Body | None:
        body = await read_body(receive, reservation, self._max_bytes + FORM_BYTES)
        if body is not None and body.received > self._max_bytes + FORM_BYTES:
            raise too_large(self._max_bytes)
        return body


def _in_pieces(body: Body, receive: Receive) -> Receive:
    """The body, then whatever `receive` gives."""
    starts = iter(range(0, max(len(body.kept), 1), _PIECE_BYTES))

    async def receive_piece() -> Message:
        start = next(starts, None)
        if start is None:
            return await receive()
        end = start + _PIECE_BYTES
        await asyncio.sleep(0)
        return {"type": "http.request", "body": bytes(body.kept[start:end]), "more_body": end < len(body.kept)}

    return receive_piece
