"""The line in Redis, in which a cancelled job's machine is stopped by whoever reads the mail."""

from nst.domain import Job, JobState
from nst.store.machines import Mailbox
from nst.store.redis import Connection, RedisQueue
from nst.store.wire import Cancel, Sender


class CloudQueue(RedisQueue):
    """A `Queue`, with word to the relay when a job that a machine may have is to stop.

    The visitor does not wait for AWS Batch; and a Batch that does not answer at the moment is asked again, with the letter.
    """

    def __init__(self, connection: Connection, mail: Mailbox) -> None:
        super().__init__(connection)
        self._mail = mail

    def cancel(self, job_id: str, now: float) -> Job | None:
        job = super().cancel(job_id, now)
        if job is not None and job.state is JobState.RUNNING:
            self._mail.send(Cancel(Sender(job.id, job.attempt)))
        return job
