"""Warm workers: `python -m worker --paint` beside AWS Batch, on machines that stay, for the lanes that Batch is not given."""

from typing import Any

from nst.domain import LANES, Lane
from nst.settings import MADE_FOR_ONE_MACHINE, Settings
from nst.store.ports import Backend, WorkerInfo

PREFIX = "warm-"
"""Their names begin with it: agents of AWS Batch are in the same registry."""
SILENCE_SECONDS = 60.0  # after which one counts as gone
_USED = ("redis_url", "max_bytes", "max_pixels")


def batch_lanes(settings: Settings) -> tuple[Lane, ...]:
    """The lanes that AWS Batch paints."""
    return settings.batch_lanes or LANES


def warm_lanes(settings: Settings) -> tuple[Lane, ...]:
    """The lanes that wait for warm workers; none when AWS Batch paints all."""
    return tuple(lane for lane in LANES if lane not in batch_lanes(settings))


def warm_workers(backend: Backend, now: float) -> list[WorkerInfo]:
    return [worker for worker in backend.workers.present(now - SILENCE_SECONDS) if worker.name.startswith(PREFIX)]


def unused_settings() -> dict[str, Any]:
    """The limits that front ends and the relay apply, for a process that only paints and does not have to be given them."""
    return {name: Settings.model_fields[name].default for name in MADE_FOR_ONE_MACHINE if name not in _USED}
