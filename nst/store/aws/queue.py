"""The queue in Redis, with a message to the relay when a running job is cancelled, so that it stops the batch job."""

from nst.domain import Job, JobState
from nst.store.ports.batch import MessageQueue
from nst.store.redis import Connection
from nst.store.redis.queue import RedisQueue
from nst.store.wire import Cancel, Sender


class CloudQueue(RedisQueue):
    """The visitor does not wait for AWS Batch; and when Batch does not answer, the message is delivered again."""

    def __init__(self, connection: Connection, messages: MessageQueue) -> None:
        super().__init__(connection)
        self._messages = messages

    def cancel(self, job_id: str, now: float) -> Job | None:
        job = super().cancel(job_id, now)
        if job is not None and job.state is JobState.RUNNING:
            self._messages.send(Cancel(Sender(job.id, job.attempt)))
        return job
