"""Honest visitors beside attacks, with a worker that is killed again and again: what fails, what is lost, and how much longer answers take.

`python -m benchmarks.mixed_traffic --seconds 3600 --visitors 100` takes five quarters of that: the first, without attacks, is what the
rest is compared with. Visitors, attacks and the studio share the machine.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
import psutil

from benchmarks.report import Table
from benchmarks.visitor import Record, Visitor
from tests.gateway.server import StudioServer

ATTACKS = (
    "message_flood",
    "stray_uploads",
    "many_sockets",
    "decoding_bombs",
    "slow_bodies",
    "hoarded_pictures",
    "abandoned_sockets",
    "large_messages",
)
AT_A_TIME = 3
KILLS_SECONDS = 60.0
PAUSE_SECONDS = 120.0  # between two visits of a visitor, on average


@dataclass
class Outcome:
    """
    Attributes:
        calm: what visitors saw without attacks.
        attacked: what they saw beside them.
        lost: ids of submitted paintings that cannot be fetched at the end.
        peak_rss: bytes of the studio's process.
    """

    calm: Record = field(default_factory=Record)
    attacked: Record = field(default_factory=Record)
    attacks: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    peak_rss: int = 0

    def table(self) -> Table:
        rows = [(what, *_figures(self.calm.seconds.get(what)), *_figures(seconds)) for what, seconds in self.attacked.seconds.items()]
        return Table(
            "Mixed traffic",
            f"{len(self.attacked.paintings)} paintings of visitors beside {self.attacks} attacks, {AT_A_TIME} at a time; "
            f"{self.kills} times, a worker was killed. {len(self.calm.failures)} requests failed without attacks, "
            f"{len(self.attacked.failures)} beside them; {len(self.lost)} paintings were lost. "
            f"The studio's process took {self.peak_rss / 1e6:.0f} MB at most.",
            ("seconds of", "without attacks: number", "median", "longest", "beside attacks: number", "median", "longest"),
            rows,
            [f"{count} x {failure}" for failure, count in Counter(self.attacked.failures).most_common(20)],
        )


def _figures(seconds: Sequence[float] | None) -> tuple[int, float, float]:
    return (len(seconds), median(seconds), max(seconds)) if seconds else (0, 0.0, 0.0)


def measure(folder: Path, seconds: float, visitors: int, kills_every: float = KILLS_SECONDS) -> Outcome:
    """Starts a studio in the folder, and visits and attacks it."""
    outcome = Outcome()
    studio = StudioServer(folder, previews="false", uploads_per_minute=6, jobs_per_visitor=3, queue_length=1000).start()
    try:
        people = People(studio.url, visitors, min(PAUSE_SECONDS, seconds / 4))
        asyncio.run(people.visit(outcome.calm, seconds / 4))
        asyncio.run(_attacked(studio, outcome, people, seconds, kills_every))
        asyncio.run(_find_lost(studio.url, outcome))
    finally:
        studio.close()
    return outcome


@dataclass
class People:
    """Each has an address of its own: with that of the attacks, they would share their limits."""

    url: str
    number: int
    pause: float

    async def visit(self, record: Record, seconds: float) -> None:
        end = time.monotonic() + seconds
        addresses = (f"127.1.{number // 200}.{number % 200 + 1}" for number in range(self.number))
        visitors = [Visitor(self.url, address, record, self.pause, random.Random(address)) for address in addresses]
        await asyncio.gather(*(visitor.visit_until(end) for visitor in visitors))


async def _attacked(studio: StudioServer, outcome: Outcome, people: People, seconds: float, kills_every: float) -> None:
    around = [asyncio.create_task(_attack_again_and_again(studio.url, outcome, number)) for number in range(AT_A_TIME)]
    around += [
        asyncio.create_task(_kill_again_and_again(studio.pid, outcome, kills_every)),
        asyncio.create_task(_watch_memory(studio, outcome)),
    ]
    try:
        await people.visit(outcome.attacked, seconds)
    finally:
        for task in around:
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)


async def _attack_again_and_again(url: str, outcome: Outcome, first: int) -> None:
    """Each of the attacks that run at a time has an address of its own: otherwise one would use up the limits of the others."""
    number, quiet = first, {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    while True:
        attack = f"tests.hostile.attacks.{ATTACKS[number % len(ATTACKS)]}"
        command = [sys.executable, "-m", attack, "--url", url, "--source", f"127.2.0.{first + 1}"]
        process = await asyncio.create_subprocess_exec(*command, **quiet)
        try:
            await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        outcome.attacks += 1
        number += AT_A_TIME


async def _kill_again_and_again(pid: int, outcome: Outcome, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        for process in psutil.Process(pid).children():
            with suppress(psutil.NoSuchProcess):
                if "nst.worker" in process.cmdline():
                    process.kill()
                    outcome.kills += 1


async def _watch_memory(studio: StudioServer, outcome: Outcome) -> None:
    while True:
        outcome.peak_rss = max(outcome.peak_rss, studio.memory)
        await asyncio.sleep(0.2)


async def _find_lost(url: str, outcome: Outcome) -> None:
    """Fetches every painting and its photo as its owner does."""
    async with httpx.AsyncClient(timeout=60) as client:
        for job_id, cookie in {**outcome.calm.paintings, **outcome.attacked.paintings}.items():
            answers = [await client.get(f"{url}/pictures/{job_id}/{kind}", headers={"Cookie": cookie}) for kind in ("before", "after")]
            if any(answer.status_code != 200 for answer in answers):
                outcome.lost.append(job_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="beside attacks; a quarter of it more without them")
    parser.add_argument("--visitors", type=int, default=100)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills_every = min(KILLS_SECONDS, wanted.seconds / 4)
        print(measure(Path(folder), wanted.seconds, wanted.visitors, kills_every).table().markdown())


if __name__ == "__main__":
    main()
