"""A studio on disk for tests of pages, which take the worker's part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from streamlit.testing.v1 import AppTest

from nst.bootstrap import build, open_backend
from nst.domain import Job, JobProgress, Outcome, StyleParams
from nst.domain.keys import output_key_of, preview_key
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.supervisor import Supervisor
from tests.support.pictures import picture_bytes

ANNA, BERT = "anna" * 8, "bert" * 8


@dataclass
class DiskStudio:
    """The service over the pages' data folder, and what a worker does."""

    settings: Settings
    ends: Iterator[int] = field(default_factory=lambda: count(10**10 + 1))  # each later than the last, so that paintings have an order

    @property
    def service(self) -> Service:
        return _service_of(self.settings)

    @property
    def backend(self) -> Backend:
        return open_backend(self.settings)

    def submit(
        self,
        owner: str = ANNA,
        public: bool = False,
        style: str | bytes = "tide-wash",
        regions: Sequence[RegionChoice] = (),
        **params: Any,
    ) -> Job:
        token = f"form-{len(self.service.mine(owner))}"
        order = Order(picture_bytes(), [StyleChoice(style)], token, StyleParams(**params), public, regions=regions)
        return self.service.submit(owner, order)

    def begin(self, progress: JobProgress | None = None) -> Job:
        """A worker claims the next job and reports progress."""
        backend = self.backend
        lease = backend.queue.claim("worker", 1e10, 1e9)
        assert lease is not None
        if progress:
            backend.objects.put(preview_key(lease.job.id), picture_bytes())
            backend.jobs.advance(lease.job.fencing_token, progress, preview_key(lease.job.id))
        return lease.job

    def end(self, job: Job, outcome: Outcome | None = None) -> None:
        backend, key, data = self.backend, output_key_of(job.input_key), picture_bytes(colour="purple")
        if outcome is None:
            backend.objects.put(key, data)
            outcome = Outcome.succeeded(key, len(data), {"seed": 0})
        assert backend.jobs.finish(job.fencing_token, outcome, next(self.ends))

    def painted(self, **order: Any) -> Job:
        job = self.submit(**order)
        self.end(self.begin())
        return self.service.get(job.id, job.owner)


_services: dict[str, Service] = {}


def _service_of(settings: Settings) -> Service:
    """One for equal settings, which have no hash: some of them are dictionaries."""
    key = settings.model_dump_json()
    if key not in _services:
        _services[key] = build(settings, at_once=False)
    return _services[key]


def words(app: AppTest) -> str:
    """All texts of the page."""
    kinds = (app.error, app.warning, app.info, app.markdown, app.caption, app.html, app.subheader)
    said = [str(element.value if hasattr(element, "value") else element.body) for kind in kinds for element in kind]
    return "\n".join(said)


def keys(app: AppTest, kind: str = "button") -> set[str]:
    return {element.key for element in app.get(kind) if element.key}


class NoProcess(Supervisor):
    def __init__(self) -> None:
        self.is_started = False

    def start(self) -> None:
        self.is_started = True

    def stop(self) -> None:
        self.is_started = False
