"""When a model's process estimates how long paintings take on its machine, and where that is kept for its next start."""

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from nst.domain import PresetSeconds, preset_seconds
from nst.model_process.engine import Measurable

FILE = "durations.json"
IDLE_SECONDS = 1.0  # without a request, before and between steps
PATIENCE = 10  # steps that it waits for other work to end
_BUSY_PERCENT = 25.0  # of all processors

log = logging.getLogger(__name__)


class DurationEstimator:
    """Estimates by a short painting, while there is no request: once, or again when the machine had other work meanwhile."""

    def __init__(self, engine: Measurable, folder: Path, busy_percent: Callable[[], float] = psutil.cpu_percent) -> None:
        """
        Args:
            folder: where the estimate is kept, with a description of the machine.
            busy_percent: of all processors, since it was called last.
        """
        self._engine, self._path, self._busy_percent, self._steps = engine, folder / FILE, busy_percent, 0
        self.is_done = False
        """Whether the latest estimate was disturbed by nothing else, so that there is no better one to come."""
        self._busy_percent()

    def step(self, should_stop: Callable[[], bool]) -> PresetSeconds | None:
        """To be called every `IDLE_SECONDS` until it is done. On a machine with other work, there is an estimate after `PATIENCE` steps."""
        if kept := self._kept():
            self.is_done = True
            return kept
        self._steps += 1
        is_busy = self._busy_percent() > _BUSY_PERCENT
        if is_busy and self._steps != PATIENCE:
            return None
        seconds = self._engine.durations(should_stop)
        if seconds and not is_busy:
            self._keep(seconds)
            self.is_done = True
        return seconds

    def _kept(self) -> PresetSeconds | None:
        with suppress(OSError, ValueError):  # there is none yet, or it is damaged
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if isinstance(kept, dict) and kept.get("machine") == self._engine.machine:
                return preset_seconds(kept.get("seconds"))
        return None

    def _keep(self, seconds: PresetSeconds) -> None:
        partial = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({"machine": self._engine.machine, "seconds": seconds}, indent=1), encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:  # it is measured again at the next start
            log.info("the durations of paintings are not kept: %s", error)
