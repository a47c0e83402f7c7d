"""The cloud's relay over stores in memory, with a batch service that refuses what a test says."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from nst.domain import Job, JobState
from nst.errors import StoreMisconfigured, StoreUnavailable
from nst.settings import Settings
from nst.store.ports import Backend
from nst.store.ports.batch import BatchJob, BatchPhase, ReceivedMessage
from nst.worker.cloud.dispatcher import Dispatcher
from nst.worker.cloud.message_reader import MessageReader
from nst.worker.cloud.reconciler import Reconciler
from tests.support.jobs import record, submitted
from tests.support.memory_store import MemoryObjects, memory_backend

HOUR = 3600.0


SETTINGS = Settings(machine_seconds=HOUR, batch_in_flight=2)  # made once: it is what takes longest here


REFUSED = StoreMisconfigured("refused", "AWS refuses: AccessDenied")


AWAY = StoreUnavailable("away")


class Refusing(MemoryObjects):
    """Pictures of which some are refused."""

    def __init__(self, error: Exception = REFUSED) -> None:
        super().__init__()
        self.error, self.refused = error, set[str]()

    def size(self, key: str) -> int:
        if key in self.refused:
            raise self.error
        return super().size(key)


@dataclass
class BatchCompute:
    """What a test says of them. What is in `refused` is refused, whatever is asked."""

    known: list[BatchJob] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    error: Exception = REFUSED

    def submit(self, job: Job) -> None:
        self._check(job.id)
        self.taken.append(job.id)

    def find(self, job_id: str) -> list[BatchJob]:
        self._check(job_id)
        return [each for each in self.known if each.job_id == job_id]

    def stop(self, assignment_id: str, _reason: str) -> None:
        self._check(assignment_id)
        self.stopped.append(assignment_id)

    def _check(self, name: str) -> None:
        if name in self.refused:
            raise self.error


class Mail:
    """Messages in the order of a test."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = [ReceivedMessage(json.dumps(message), str(number)) for number, message in enumerate(messages)]

    def receive(self, _seconds: float) -> list[ReceivedMessage]:
        return self.messages[:10]

    def delete(self, messages: Any) -> None:
        self.messages = [message for message in self.messages if message not in list(messages)]


class Studio:
    def __init__(self, error: Exception = REFUSED, **changes: Any) -> None:
        self.objects, self.batch = Refusing(error), BatchCompute(error=error)
        self.backend: Backend = replace(memory_backend(), objects=self.objects)
        self.settings = SETTINGS.model_copy(update=changes)
        self.dispatcher = Dispatcher("here", self.backend, self.batch, self.settings)
        self.reconciler = Reconciler(self.backend, self.batch, self.settings)

    def running(self, phase: BatchPhase | None = None, **changes: Any) -> Job:
        job = submitted(self.backend, **changes)
        lease = self.backend.queue.claim("by hand", 0.0, 30.0)
        assert lease is not None
        if phase:
            self.batch.known.append(BatchJob(f"of {job.id}", job.id, 1, phase, "Essential container in task exited", 1))
        return lease.job

    def read(self, *messages: dict[str, Any]) -> None:
        mail = Mail(*messages)
        reader = MessageReader(self.backend, self.batch, mail, self.settings, poll_seconds=0.0)  # type: ignore[arg-type]
        while mail.messages:
            reader.step(5.0)

    def state(self, job: Job) -> JobState:
        return record(self.backend, job.id).state

    def has(self, key: str) -> bool:
        return key in {found.key for found in self.objects.listing()}


def stepped(studio: Studio, *times: float) -> None:
    for now in times:
        try:
            studio.reconciler.step(now)
        except StoreUnavailable:
            assert studio.batch.error is AWAY
