"""Files that pages upload: limits of a session, of an address and of all, and what is removed when they are reached."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nst.errors import InvalidRequest, ServerBusy
from nst.gateway.guard.memory_budget import InboundBudget, Timeouts
from nst.gateway.guard.uploads import FORM_BYTES, KEEP_SECONDS, MAX_FILES, UploadBudget, UploadLimit
from tests.support.gateway import Clock

LARGEST = 100_000
CAPACITY = 10 * LARGEST


class Files:
    """What Streamlit keeps."""

    def __init__(self) -> None:
        self.connected: set[str] = set()
        self.kept: dict[str, dict[str, int]] = {}

    def add(self, session: str, file_id: str, size: int = LARGEST) -> None:
        self.connected.add(session)
        self.kept.setdefault(session, {})[file_id] = size

    def is_connected(self, session: str) -> bool:
        return session in self.connected

    def sizes(self) -> dict[str, dict[str, int]]:
        return {session: dict(files) for session, files in self.kept.items() if files}

    def remove(self, session: str, file_id: str) -> None:
        del self.kept[session][file_id]

    def empty_removed(self) -> None:
        """They are kept here alone."""


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(files: Files, clock: Clock) -> UploadBudget:
    return UploadBudget(files, LARGEST, CAPACITY, clock)


def upload(uploads: UploadBudget, files: Files, session: str, file_id: str, address: str = "here") -> None:
    files.connected.add(session)
    uploads.admit(session, address)
    files.add(session, file_id)
    uploads.trim(session)


def test_a_session_keeps_its_newest_files(uploads: UploadBudget, files: Files) -> None:
    for number in range(9):
        upload(uploads, files, "anna", f"file {number}")
    assert list(files.kept["anna"]) == ["file 6", "file 7", "file 8"]


def test_a_session_keeps_few_files_however_small(uploads: UploadBudget, files: Files) -> None:
    for number in range(100):
        files.add("anna", f"file {number}", 1)
        uploads.trim("anna")
    assert len(files.kept["anna"]) == MAX_FILES


def test_a_session_that_is_not_connected_uploads_nothing(uploads: UploadBudget) -> None:
    with pytest.raises(InvalidRequest):
        uploads.admit("nobody", "here")


def test_an_address_with_its_share_waits_until_it_closes_a_page(uploads: UploadBudget, files: Files) -> None:
    for session, count in (("one", 3), ("two", 2)):
        for number in range(count):
            upload(uploads, files, session, f"file {number}")
    with pytest.raises(ServerBusy):
        upload(uploads, files, "three", "file")
    upload(uploads, files, "elsewhere", "file", "there")
    files.connected.remove("one")
    upload(uploads, files, "three", "file")
    assert not files.kept["one"]
    assert len(files.kept["two"]) == 2


def test_when_all_is_full_the_address_with_most_makes_room(uploads: UploadBudget, files: Files) -> None:
    upload(uploads, files, "visitor", "photo", "visitor")
    for session, address, count in (("one", "first", 3), ("two", "first", 2), ("three", "second", 3), ("four", "second", 1)):
        for number in range(count):
            upload(uploads, files, session, f"file {number}", address)
    upload(uploads, files, "late", "photo", "late")
    assert files.kept["visitor"] == {"photo": LARGEST}
    assert files.kept["late"] == {"photo": LARGEST}
    assert not files.kept["one"]
    assert len(files.kept["three"]) == 3


def test_files_of_a_closed_page_go_after_a_while(uploads: UploadBudget, files: Files, clock: Clock) -> None:
    upload(uploads, files, "anna", "photo")
    uploads.release()
    files.connected.clear()
    clock.now = KEEP_SECONDS
    uploads.release()
    assert files.kept["anna"]
    clock.now = KEEP_SECONDS + 1
    uploads.release()
    assert not files.kept["anna"]


def test_a_page_that_comes_back_keeps_its_files(uploads: UploadBudget, files: Files, clock: Clock) -> None:
    upload(uploads, files, "anna", "photo")
    for seconds in range(0, 1000, 100):
        clock.now = float(seconds)
        files.connected ^= {"anna"}
        uploads.release()
    assert files.kept["anna"]


@pytest.fixture
def client(files: Files, uploads: UploadBudget) -> Iterator[httpx.AsyncClient]:
    async def put(request: Request) -> Response:
        files.add(request.path_params["session"], request.path_params["file"], len(await request.body()))
        return Response(status_code=204)

    budget = InboundBudget(10 * LARGEST, LARGEST, Timeouts(read=0.3))
    limit = Middleware(UploadLimit, budget=budget, uploads=uploads, max_bytes=LARGEST)
    app = Starlette(routes=[Route("/studio/_stcore/upload_file/{session}/{file}", put, methods=["PUT"])], middleware=[limit])
    yield httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/studio/_stcore/upload_file")
    assert budget.used == 0


def test_a_file_reaches_streamlit_as_it_was_sent_and_a_larger_one_does_not(client: httpx.AsyncClient, files: Files) -> None:
    async def run() -> None:
        files.connected.add("anna")
        assert (await client.put("/anna/photo", content=b"x" * (LARGEST + FORM_BYTES))).status_code == 204
        assert (await client.put("/anna/other", content=b"x" * (LARGEST + FORM_BYTES + 1))).status_code == 413
        assert (await client.put("/bert/photo", content=b"x")).status_code == 422
        assert files.sizes() == {"anna": {"photo": LARGEST + FORM_BYTES}}

    asyncio.run(run())


def test_files_that_began_while_there_was_room_are_refused_once_there_is_none(client: httpx.AsyncClient, files: Files) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        for number in range(5):
            files.add(f"page {number}", "photo")  # uploads that began at the same time have ended first
        yield b"x"

    async def run() -> None:
        for number in range(5):
            files.add(f"page {number}", "small", 1)
            assert (await client.put(f"/page {number}/small", content=b"x")).status_code == 204
        files.add("anna", "small", 1)
        assert (await client.put("/anna/photo", content=slow())).status_code == 503

    asyncio.run(run())


def test_a_file_that_does_not_arrive_is_given_up(client: httpx.AsyncClient, files: Files) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    async def run() -> None:
        files.connected.add("anna")
        assert (await client.put("/anna/photo", content=slow())).status_code == 408

    asyncio.run(run())
