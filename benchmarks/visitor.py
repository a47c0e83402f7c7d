"""An honest visitor of a studio: uploads a photo, watches its painting appear, and browses the gallery; every answer is timed."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO

import httpx
from PIL import Image

from tests.hostile.attacks.client import Page, http_client, open_page, upload

PATIENCE_SECONDS = 60.0
PAINTED_SECONDS = 300.0  # a worker that is killed is replaced, and its painting begins anew when its lease has lapsed
WATCH_SECONDS = 1.0


class VisitFailed(Exception):
    """The visitor gives up."""


@dataclass
class Record:
    """What all visitors saw.

    Attributes:
        seconds: of answers, by what was asked for.
        failures: sentences about what was not answered, or with an error.
        paintings: ids of submitted paintings, with their owners' cookies.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    paintings: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """
        Raises:
            VisitFailed: for whatever a visitor may not see; it is recorded.
        """
        began = time.monotonic()
        try:
            yield
        except VisitFailed:
            raise
        except Exception as error:
            self.failures.append(f"{what}: {type(error).__name__}: {error}")
            raise VisitFailed from error
        self.seconds[what].append(time.monotonic() - began)


@dataclass
class Visitor:
    """One browser at an address of its own.

    Attributes:
        pause: seconds between two visits, on average.
    """

    url: str
    address: str
    record: Record
    pause: float
    chance: random.Random

    async def visit_until(self, end: float) -> None:
        """Visits until `time.monotonic()` has reached `end`."""
        while True:
            pause = self.chance.uniform(0, 2 * self.pause)
            await asyncio.sleep(min(pause, max(0.0, end - time.monotonic())))
            if time.monotonic() >= end:
                return
            with suppress(VisitFailed), self.record.timed("visit"):
                async with http_client(self.url, local_address=self.address) as client:
                    await self._paint(client, await self._enter(client))
                    await self._browse(client)

    async def _enter(self, client: httpx.AsyncClient) -> str:
        with self.record.timed("first page"):
            (await client.get(self.url, headers={"Accept": "text/html"})).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    async def _paint(self, client: httpx.AsyncClient, cookie: str) -> None:
        async with open_page(self.url, cookie=cookie, local_address=self.address) as page:
            photo = self._photo()
            with self.record.timed("upload"):
                file_id, status = await upload(client, page, photo)
                assert status == 204, status
            page.name_file("photo", file_id, len(photo))
            with self.record.timed("photo chosen"):
                await page.rerun(PATIENCE_SECONDS)
            page.press("submit")
            with self.record.timed("submitted"):
                await page.rerun(PATIENCE_SECONDS)
                while "job=" not in page.query:  # the script runs once more, for the painting's own page
                    await page.finished(PATIENCE_SECONDS)
            page.release("submit")
            assert not page.alerts, page.alerts
            job_id = page.query.partition("job=")[2]
            self.record.paintings[job_id] = cookie
            await self._watch(client, page, job_id)

    async def _watch(self, client: httpx.AsyncClient, page: Page, job_id: str) -> None:
        async with asyncio.timeout(PAINTED_SECONDS):
            while (await client.get(f"{self.url}/pictures/{job_id}/after")).status_code != 200:
                await asyncio.sleep(WATCH_SECONDS)
                with self.record.timed("watched"):
                    await page.rerun(PATIENCE_SECONDS, fragment=page.fragment)

    async def _browse(self, client: httpx.AsyncClient) -> None:
        with self.record.timed("gallery"):
            async with open_page(self.url, name="gallery", local_address=self.address):
                pass
        for place in ("styles/starlit-swirl", "api/images", "healthz"):
            with self.record.timed(place):
                (await client.get(f"{self.url}/{place}")).raise_for_status()

    def _photo(self) -> bytes:
        buffer = BytesIO()
        Image.effect_noise((800, 600), self.chance.uniform(20, 80)).convert("RGB").save(buffer, "JPEG")
        return buffer.getvalue()
