"""Workers that are killed in the last scale of a painting, and what their successors paint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nst.domain import Job, JobState
from tests.support.waiting import until
from tests.worker.engines.notes_scales import FILE

STEPS: dict[str, Any] = {"size": 64, "scales": 3, "iterations": 15}
"""Parameters of a painting with three scales, the last of which takes a while."""
LAST = "scale 3 of 3"
WHOLE, REST = [1, 2, 3], [2, 3]
"""The scales that a painting reports from the beginning, and from a checkpoint of the second one."""


class Scales:
    """The scales of each rendering by the engine `notes_scales`, in a file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = folder / "scales"
        self.variables = {FILE: str(self.file)}
        monkeypatch.setenv(FILE, str(self.file))

    def of_renderings(self) -> list[list[int]]:
        return [[int(scale) for scale in line.split()] for line in self.file.read_text(encoding="utf-8").splitlines()]


def kill_in_the_last_scale(record: Callable[[], Job], kill: Callable[[], object]) -> None:
    until(lambda: record().progress.stage == LAST, pause=0.05)
    kill()
    assert record().state is JobState.RUNNING


def shown_until_done(record: Callable[[], Job]) -> set[str]:
    """The stages that a visitor sees of a successor's work."""
    stages: set[str] = set()

    def is_over() -> bool:
        job = record()
        if job.attempt > 1 and job.state is JobState.RUNNING and job.progress.fraction:
            stages.add(job.progress.stage)
        return job.state.is_terminal

    until(is_over, pause=0.05)
    assert record().state is JobState.SUCCEEDED, record().error
    return stages
