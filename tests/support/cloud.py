"""A deployment in a simulated cloud, and the messages of its machines."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from nst.bootstrap import open_backend, open_batch, open_catalogue
from nst.domain import Job, Preset, StyleParams
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.settings import Settings
from nst.worker.cloud.dispatcher import Dispatcher
from nst.worker.cloud.message_reader import MessageReader
from nst.worker.cloud.reconciler import Reconciler
from tests.support.aws import Aws
from tests.support.batch_executor import Executor
from tests.support.pictures import picture_bytes
from tests.support.waiting import until

NUMBERS = count(1)


class Cloud:
    """One deployment, with its relay stepped by `relay`."""

    def __init__(self, aws: Aws, settings: Settings, executor: Executor) -> None:
        self.aws, self.settings, self.executor = aws, settings, executor
        self.backend = open_backend(settings)
        self.service = Service(self.backend, open_catalogue(settings), settings)
        self.batch, self.messages = open_batch(settings)
        self.dispatcher = Dispatcher("here", self.backend, self.batch, settings)
        self.reader = MessageReader(self.backend, self.batch, self.messages, settings, poll_seconds=0.0)
        self.reconciler = Reconciler(self.backend, self.batch, settings)

    def submit(
        self,
        owner: str = "anna",
        public: bool = False,
        strength: float = 0.5,
        photo: bytes | None = None,
        regions: Iterable[RegionChoice] = (),
        preset: Preset = Preset.STANDARD,
        params: StyleParams | None = None,
        in_folder: bool = False,
    ) -> Job:
        styles = [StyleChoice("starlit-swirl")]
        order = Order(
            photo or picture_bytes(),
            styles,
            f"form-{next(NUMBERS)}",
            params or StyleParams(strength=strength, preset=preset),
            public,
            regions=tuple(regions),
            in_folder=in_folder,
        )
        return self.service.submit(owner, order)

    def relay(self, now: float | None = None) -> None:
        """One step of handing over and one of reading."""
        now = self.backend.clock() if now is None else now
        self.dispatcher.step(now)
        self.reader.step(now)

    def relay_until(self, what: Callable[[], object]) -> None:
        def relayed() -> object:
            self.relay()
            return what()

        until(relayed)

    def finished(self, job: Job) -> Job:
        self.relay_until(lambda: self.record(job).state.is_terminal)
        return self.record(job)

    def record(self, job: Job) -> Job:
        return self.service.get(job.id, job.owner)

    def stage(self, job: Job) -> str:
        return self.record(job).progress.stage


def claimed_by_hand(cloud: Cloud) -> Job:
    """A job that runs, and that Batch has not been given."""
    job = cloud.submit()
    lease = cloud.backend.queue.claim("by hand", cloud.backend.clock(), 30.0)
    assert lease is not None
    assert lease.job.id == job.id
    return lease.job


def header(cloud: Cloud, key: str, name: str) -> str:
    value: str = cloud.aws.client("s3").head_object(Bucket=cloud.aws.bucket, Key=key)[name]
    return value


RESULT = b"\xff\xd8 a painting"


def read_all(cloud: Cloud) -> None:
    """Until no message is left, but for those that are put back."""
    now = cloud.backend.clock()
    for _ in range(3):
        cloud.reader.step(now)


def painted(cloud: Cloud, job_id: str, **more: Any) -> dict[str, Any]:
    """Stores a painting, and returns the message about it."""
    key = f"private/output/{job_id}.jpg"
    cloud.backend.objects.put(key, RESULT)
    return {"resultKey": key, "requestId": f"studio::{job_id}", **more}


def changed(job_id: str, status: str, **more: Any) -> dict[str, Any]:
    detail = {"jobName": job_id, "jobId": "batch-1", "status": status, "parameters": {"attempt": "1"}, **more}
    return {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail}
