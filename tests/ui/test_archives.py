"""ZIP files of a visitor's own paintings."""

import asyncio
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from starlette.testclient import TestClient

from nst import images
from nst.images import Limits
from nst.settings import Settings
from nst.ui import archives, download_slots
from nst.ui.archives import zipped
from tests.hostile.corpus import titles
from tests.support.pages import DiskStudio
from tests.ui.browser import owner

OpenBrowser = Callable[[], TestClient]
ADDRESS = "/archives/paintings.zip"


def test_a_zip_file_has_the_chosen_paintings_as_they_are_stored(visitor: OpenBrowser, studio: DiskStudio) -> None:
    client = visitor()
    jobs = [studio.painted(owner=owner(client), public=number == 1) for number in range(3)]
    studio.service.gallery.set_title(jobs[1].id, jobs[1].owner, "Évening: by/the..\\sea")
    answer = client.get(ADDRESS, params={"job": [job.id for job in jobs]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "private, no-store"
    with zipfile.ZipFile(BytesIO(answer.content)) as file:
        assert file.testzip() is None
        names = [f"001-pastiche-{jobs[0].id[:8]}.jpg", f"002-évening-by-the-sea-{jobs[1].id[:8]}.jpg", f"003-pastiche-{jobs[2].id[:8]}.jpg"]
        assert file.namelist() == names
        for name, job in zip(names, jobs, strict=True):
            assert file.read(name) == studio.service.result(job.id, job.owner)
            images.decode(file.read(name), Limits.of(Settings()))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("हिन्दी 저녁", "हिन्दी-저녁"),
        ("\U00020000" * 80, "\U00020000" * 30),
        ("CON", "con"),
        ('../../🌊"<>|', "pastiche"),
        (None, "pastiche"),
    ],
)
def test_every_file_system_takes_the_names(studio: DiskStudio, title: str | None, name: str) -> None:
    job = replace(studio.painted(), title=title)
    with zipfile.ZipFile(BytesIO(b"".join(archives.zipped(studio.service, [job])))) as file:
        assert file.namelist() == [f"001-{name}-{job.id[:8]}.jpg"]
        assert len(file.namelist()[0].encode()) < 255


def test_it_is_for_the_owner_of_all_its_paintings_alone(visitor: OpenBrowser, studio: DiskStudio) -> None:
    client, stranger = visitor(), visitor()
    mine, waiting = studio.painted(owner=owner(client), public=True), studio.submit(owner=owner(client))
    studio.begin()
    others = studio.painted(owner=owner(stranger), public=True)
    nobody = TestClient(client.app)
    assert client.get(ADDRESS, params={"job": mine.id}).status_code == 200
    for asking, ids in (
        (stranger, [mine.id]),
        (nobody, [mine.id]),
        (client, [mine.id, others.id]),
        (client, [waiting.id]),
        (client, ["0" * 32]),
        (client, ["../x"]),
        (client, []),
        (client, [f"{number:032x}" for number in range(101)]),
    ):
        answer = asking.get(ADDRESS, params={"job": ids})
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_a_painting_that_is_deleted_during_the_download_is_left_out(studio: DiskStudio) -> None:
    jobs = [studio.painted() for _ in range(3)]
    chunks = archives.zipped(studio.service, jobs)
    data = next(chunks)
    studio.service.delete(jobs[1].id, jobs[1].owner)
    with zipfile.ZipFile(BytesIO(data + b"".join(chunks))) as file:
        assert [name[:3] for name in file.namelist()] == ["001", "003"]


def test_little_is_in_memory_at_a_time(studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [studio.painted() for _ in range(20)]
    monkeypatch.setattr(studio.service, "result", lambda *_: bytes(1_000_000))
    sizes = [len(chunk) for chunk in archives.zipped(studio.service, jobs)]
    assert sum(sizes) > 20_000_000
    assert max(sizes) < 70_000


def test_downloads_at_a_time_are_limited_and_end_with_their_connections(
    visitor: OpenBrowser, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visitor()
    job = studio.painted(owner=owner(client))
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    query, headers = f"job={job.id}".encode(), [(b"cookie", cookie.encode())]
    scope = {"type": "http", "method": "GET", "path": ADDRESS, "query_string": query, "headers": headers, "client": ("192.0.2.1", 1)}

    async def ask(send: Any, receive: Any) -> None:
        await archives.ArchiveRoute()(dict(scope), receive, send)

    async def crowd() -> list[int]:
        answers: list[int] = []
        hold = asyncio.Event()

        async def never() -> None:
            await hold.wait()

        def sender(blocks: bool) -> Any:
            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    answers.append(message["status"])
                elif blocks:
                    await hold.wait()

            return send

        slow = [asyncio.create_task(ask(sender(True), never)) for _ in range(2)]
        while len(answers) < 2:
            await asyncio.sleep(0.01)
        await ask(sender(False), never)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await ask(sender(False), never)
        return answers

    assert asyncio.run(crowd()) == [200, 200, 503, 200]
    assert archives._slots.under_way == {}
    monkeypatch.setattr(download_slots, "_SECONDS", 0.2)

    async def stalled() -> None:
        async def never(*_: Any) -> None:
            await asyncio.sleep(60)

        await ask(never, never)

    asyncio.run(asyncio.wait_for(stalled(), 20))
    assert archives._slots.under_way == {}


@pytest.mark.parametrize("title", [*titles.ESCAPED, "../../etc/passwd", "C:\\con", "nul", "-rf", "~", "a/b\\c", "." * 80, "\u6d77" * 80])
def test_no_title_leads_out_of_the_folder_that_a_file_is_unpacked_in(studio: DiskStudio, title: str) -> None:
    job = studio.painted()
    studio.service.gallery.set_title(job.id, job.owner, title)
    with zipfile.ZipFile(BytesIO(b"".join(zipped(studio.service, [studio.service.get(job.id, job.owner)])))) as file:
        (name,) = file.namelist()
    assert re.fullmatch(r"001-[\w\u0300-\u036f-]+-[0-9a-f]{8}\.\w+", name)
    assert name == PurePosixPath(name).name == PureWindowsPath(name).name
    assert len(name.encode()) < 200
