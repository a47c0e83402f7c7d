"""A studio on disk whose pages are run without a server and without a worker: tests do what a worker would."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from nst.bootstrap import open_backend
from nst.domain import Job, JobProgress, Outcome, StyleParams
from nst.domain.keys import preview_key, result_key
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.ui.studio import service_of
from tests.unit.service.conftest import picture_bytes

ROOT = Path(__file__).parents[2]
ANNA, BERT = "anna" * 8, "bert" * 8
OpenPage = Callable[..., AppTest]


@dataclass
class DiskStudio:
    """The service as the pages have it, and a worker's part."""

    settings: Settings
    ends: Iterator[int] = field(default_factory=lambda: count(10**10 + 1))  # one after the other: of two of a moment, none is newer

    @property
    def service(self) -> Service:
        return service_of(self.settings)

    @property
    def backend(self) -> Backend:
        return open_backend(self.settings)

    def submit(self, owner: str = ANNA, public: bool = False, style: str | bytes = "tide-wash", **params: Any) -> Job:
        token = f"form-{len(self.service.mine(owner))}"
        return self.service.submit(owner, Order(picture_bytes(), [StyleChoice(style)], token, StyleParams(**params), public))

    def begin(self, progress: JobProgress | None = None) -> Job:
        """Somebody takes the next job and tells how it goes."""
        backend = self.backend
        lease = backend.queue.claim("worker", 1e10, 1e9)
        assert lease is not None
        if progress:
            backend.objects.put(preview_key(lease.job.id), picture_bytes())
            backend.jobs.advance(lease.job.ticket, progress, preview_key(lease.job.id))
        return lease.job

    def end(self, job: Job, outcome: Outcome | None = None) -> None:
        backend, key, data = self.backend, result_key(job.input_key), picture_bytes(colour="purple")
        if outcome is None:
            backend.objects.put(key, data)
            outcome = Outcome.succeeded(key, len(data), {"seed": 0})
        assert backend.jobs.finish(job.ticket, outcome, next(self.ends))

    def painted(self, **order: Any) -> Job:
        job = self.submit(**order)
        self.end(self.begin())
        return self.service.get(job.id, job.owner)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DiskStudio:
    plenty = {"UPLOADS_PER_MINUTE": 1000, "JOBS_PER_VISITOR": 1000, "ADMIN_TOKEN": "sesame", "REPORTS_TO_HIDE": 1}
    for name, value in {"DATA_DIR": tmp_path, "OWN_WORKER": False, "PREVIEWS": False, **plenty}.items():
        monkeypatch.setenv(f"NST_{name}", str(value))
    return DiskStudio(Settings())


@pytest.fixture
def open_page(studio: DiskStudio) -> OpenPage:
    """A page as a visitor sees it who comes from outside: by its own address, with nothing visited before."""

    def opened(name: str = "create", owner: str = ANNA, **query: str) -> AppTest:
        script = "streamlit_app.py" if name == "create" else f"pages/{name}.py"
        app = AppTest.from_file(ROOT / script, default_timeout=30)
        app.session_state["passing_owner"] = owner
        app.query_params.update(query)
        return app.run()

    return opened


def words(app: AppTest) -> str:
    """Everything that the page says."""
    kinds = (app.error, app.warning, app.info, app.markdown, app.caption, app.html, app.subheader)
    said = [str(element.value if hasattr(element, "value") else element.body) for kind in kinds for element in kind]
    return "\n".join(said)


def keys(app: AppTest, kind: str = "button") -> set[str]:
    return {element.key for element in app.get(kind) if element.key}
