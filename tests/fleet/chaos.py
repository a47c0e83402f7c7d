"""Everything is killed all the time, and every job is painted all the same: `python -m tests.fleet.chaos --jobs 200 --times 10`."""

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from nst.domain import Job, JobState
from nst.errors import StoreUnavailable
from tests.fleet.conftest import KEPT
from tests.fleet.workers import Fleet, Worker
from tests.support.servers import RedisServer

WORKERS, KILL_EVERY = 4, 1.0
DOWN_SECONDS = 1.0  # that Redis is away, both times
LEASE_SECONDS = 3.0


@dataclass(frozen=True)
class Outcome:
    """What became of it all."""

    jobs: int
    succeeded: int
    shown: list[str]
    pictures: int
    attempts: int
    killed: int
    seconds: float

    @property
    def is_whole(self) -> bool:
        """Every job succeeded, is shown, and is shown once, with its picture."""
        return self.succeeded == len(self.shown) == len(set(self.shown)) == self.pictures == self.jobs


class _Killer(threading.Thread):
    """Every second, kills a worker with SIGKILL that is in the middle of a painting, and puts a new one in its place."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self._fleet, self._enough = fleet, threading.Event()
        self._workers = [fleet.start() for _ in range(WORKERS)]
        self.killed = 0

    def run(self) -> None:
        while not self._enough.wait(KILL_EVERY):
            victim = None
            while victim is None and not self._enough.wait(0.01):
                victim = self._one_that_paints()
            if victim is not None:
                victim.kill()
                self._workers = [*(worker for worker in self._workers if worker is not victim), self._fleet.start()]
                self.killed += 1

    def stop(self) -> None:
        self._enough.set()
        self.join()

    def _one_that_paints(self) -> Worker | None:
        try:
            for info in self._fleet.backend.workers.present(0.0):
                job = self._fleet.backend.jobs.get(info.job_id) if info.job_id else None
                if job is not None and 0 < job.progress.fraction < 1:
                    return next((worker for worker in self._workers if f"-{worker.pid}-" in info.name), None)
        except StoreUnavailable:
            pass
        return None


def unleash(jobs: int, redis: RedisServer, fleet: Fleet) -> Outcome:
    """Submits so many jobs, and kills Redis when a third of them are done, and again at two thirds."""
    began = time.monotonic()
    killer = _Killer(fleet)
    killer.start()
    records = [fleet.submit(number, f"owner-{number % 7}") for number in range(jobs)]
    for part in (1, 2, 3):
        fleet.until(lambda part=part: _done(fleet) >= part * jobs // 3, seconds=600)
        if part < 3:
            redis.kill()
            time.sleep(DOWN_SECONDS)
            redis.start()
    killer.stop()
    return _counted(fleet, records, killer.killed, time.monotonic() - began)


def _done(fleet: Fleet) -> int:
    return fleet.service.status().counts.get(JobState.SUCCEEDED, 0)


def _counted(fleet: Fleet, jobs: list[Job], killed: int, seconds: float) -> Outcome:
    records = [fleet.record(job) for job in jobs]
    pictures = sum(fleet.service.result(record.id, "a stranger").startswith(b"\xff\xd8") for record in records)
    succeeded = sum(record.state is JobState.SUCCEEDED for record in records)
    return Outcome(len(jobs), succeeded, fleet.shown(), pictures, sum(record.attempt for record in records), killed, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    for number in range(options.times):
        with tempfile.TemporaryDirectory() as name:
            (folder := Path(name, "redis")).mkdir()
            redis = RedisServer(folder, *KEPT).start()
            try:
                with Fleet(redis, Path(name), redis_prefix="chaos", lease_seconds=LEASE_SECONDS, max_attempts=1000) as fleet:
                    outcome = unleash(options.jobs, redis, fleet)
            finally:
                redis.kill()
        print(  # noqa: T201 -- a program of its own
            f"{number + 1}: {outcome.succeeded} of {outcome.jobs} succeeded, {len(outcome.shown)} in the feed ({len(set(outcome.shown))} "
            f"different), {outcome.attempts} attempts, {outcome.killed} workers killed, {outcome.seconds:.0f} s",
            flush=True,
        )
        if not outcome.is_whole:
            sys.exit("A job was lost or doubled.")


if __name__ == "__main__":
    main()
