"""A studio in memory, with a clock that stands still until a test moves it."""

from dataclasses import dataclass, field
from typing import Any

from nst.domain import Job, Outcome, StyleParams
from nst.domain.keys import output_key_of, thumbnail_keys
from nst.images import Limits
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.styles import Catalogue
from tests.support.memory_store import memory_backend
from tests.support.pictures import picture_bytes

DAY = 86_400.0


@dataclass
class Studio:
    """The service, its stores, and shortcuts."""

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
            **changes,
        )
        return self.service.submit(owner, order)

    def paint(self, outcome: Outcome | None = None, *, has_thumbnails: bool = False) -> None:
        """What a worker does with the next job."""
        lease = self.backend.queue.claim("worker", self.now, 30.0)
        assert lease is not None
        key, data = output_key_of(lease.job.input_key), b"painting"
        if outcome is None:
            self.backend.objects.put(key, data)
            for number, small in enumerate(thumbnail_keys(lease.job.input_key, key) if has_thumbnails else ()):
                self.backend.objects.put(small, f"small-{number}".encode())
            outcome = Outcome.succeeded(key, len(data), {"seed": 0}, has_thumbnails=has_thumbnails)
        assert self.backend.jobs.finish(lease.job.fencing_token, outcome, self.now)

    def painted(self, *, has_thumbnails: bool = False, **order: Any) -> Job:
        job = self.submit(**order)
        self.paint(has_thumbnails=has_thumbnails)
        return self.service.get(job.id, job.owner)

    def stored(self) -> set[str]:
        return {found.key for found in self.backend.objects.listing()}
