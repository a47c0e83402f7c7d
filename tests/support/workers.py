"""A worker with a child that is no process, and services for workers' tests."""

from dataclasses import dataclass, field
from typing import Any

from nst.bootstrap import open_backend, open_catalogue
from nst.domain import Job, JobState
from nst.images import Limits
from nst.model_process.messages import Done, FromChild, ToChild
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.store.ports.batch import ReceivedMessage
from nst.store.wire import Message, decode_message, encode_message
from nst.styles import Catalogue
from nst.worker.loop import Worker
from tests.support.pictures import picture_bytes
from tests.support.studio import Studio

QUOTAS = {"uploads_per_minute": 10**6, "jobs_per_visitor": 10**6, "queue_length": 10**6}


def service_of(settings: Settings) -> tuple[Backend, Service]:
    backend = open_backend(settings)
    return backend, Service(backend, open_catalogue(settings), settings)


LIMITS = Limits.of(Settings())


@dataclass
class FakeChild:
    heard: list[ToChild] = field(default_factory=list)
    says: list[FromChild] = field(default_factory=list)
    exit_code: int | None = None

    def send(self, message: ToChild) -> None:
        self.heard.append(message)

    def received(self) -> list[FromChild]:
        said, self.says = self.says, []
        return said

    def wait(self, seconds: float) -> None: ...

    def kill(self) -> None:
        self.exit_code = -9


class Bench:
    """A worker on a studio in memory, with every child that it made."""

    def __init__(self, studio: Studio, catalogue: Catalogue | None = None) -> None:
        self.studio, self.children = studio, list[FakeChild]()
        self.settings = Settings(job_seconds=600, hang_seconds=60, lease_seconds=30)
        self.catalogue = catalogue or Catalogue(LIMITS)
        self.worker = Worker("worker", studio.backend, self.catalogue, self.settings, self._make_child)

    def submit(self, style: str) -> Job:
        """A job in a style that is in the worker's catalogue."""
        service = Service(self.studio.backend, self.catalogue, self.settings, clock=lambda: self.studio.now)
        return service.submit("anna", Order(picture_bytes(), [StyleChoice(style)], "form"))

    def _make_child(self) -> FakeChild:
        self.children.append(FakeChild())
        return self.children[-1]

    @property
    def child(self) -> FakeChild:
        return self.children[-1]

    def step(self, *says: FromChild, after: float = 0.0) -> bool:
        self.studio.now += after
        if says:
            self.child.says += says
        return self.worker.step(self.studio.now)

    def state(self, job_id: str) -> JobState:
        return self.studio.service.get(job_id, "anna").state

    def error(self, job_id: str) -> str:
        return self.studio.service.get(job_id, "anna").error or ""


class SentMessages:
    """A message queue that keeps what is sent, and has nothing to receive."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Message) -> None:
        self.sent.append(decode_message(encode_message(message)))

    def receive(self, _seconds: float) -> list[ReceivedMessage]:
        return []

    def delete(self, _messages: object) -> None: ...


class ObedientChild(FakeChild):
    """A child that finishes each painting at once."""

    def send(self, message: Any) -> None:
        super().send(message)
        self.says.append(Done(message.token, b"painting", {}))
