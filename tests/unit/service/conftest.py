"""A studio in memory, with a clock that stands still until a test moves it."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from nst.domain import Job, Outcome, StyleParams
from nst.domain.keys import result_key
from nst.images import Limits
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.memory import memory_backend
from nst.store.ports import Backend
from nst.styles import Catalogue

DAY = 86_400.0


def picture_bytes(width: int = 96, height: int = 64, mode: str = "RGB", colour: Any = "teal") -> bytes:
    buffer = BytesIO()
    Image.new(mode, (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Studio:
    """The service, what is behind it, and shortcuts."""

    changes: dict[str, Any]
    now: float = 1000.0
    backend: Backend = field(default_factory=memory_backend)

    def __post_init__(self) -> None:
        plenty = {"uploads_per_minute": 1000, "jobs_per_visitor": 1000}
        settings = Settings(**{**plenty, **self.changes})
        self.service = Service(self.backend, Catalogue(Limits.of(settings)), settings, clock=lambda: self.now)

    def submit(self, owner: str = "anna", token: str = "form", public: bool = False, **changes: Any) -> Job:
        order = Order(
            photo=changes.pop("photo", picture_bytes()),
            styles=changes.pop("styles", [StyleChoice("starlit-swirl")]),
            token=token,
            params=changes.pop("params", StyleParams()),
            public=public,
        )
        return self.service.submit(owner, order)

    def paint(self, outcome: Outcome | None = None) -> None:
        """What a worker does with the next job."""
        lease = self.backend.queue.claim("worker", self.now, 30.0)
        assert lease is not None
        key, data = result_key(lease.job.input_key), b"painting"
        if outcome is None:
            self.backend.objects.put(key, data)
            outcome = Outcome.succeeded(key, len(data), {"seed": 0})
        assert self.backend.jobs.finish(lease.job.ticket, outcome, self.now)

    def painted(self, **order: Any) -> Job:
        job = self.submit(**order)
        self.paint()
        return self.service.get(job.id, job.owner)

    def stored(self) -> set[str]:
        return {found.key for found in self.backend.objects.listing()}


@pytest.fixture
def studio(request: pytest.FixtureRequest) -> Studio:
    return Studio(getattr(request, "param", {}))
