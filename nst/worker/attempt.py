"""One attempt to paint a job: what its child reports, its death, and the limits of time. It knows no queue and no store."""

import logging
import signal

from nst.domain import PresetSeconds, longest_seconds
from nst.model_process.messages import Advanced, Cancel, Checkpointed, Failed, Final, LoadFailed, Measured, PaintRequest, Ready, Stopped
from nst.model_process.parent import Child
from nst.settings import Settings
from nst.worker import user_messages

GRACE_SECONDS = 1.0  # between a cancellation and the child's death, if it does not stop by itself

log = logging.getLogger(__name__)


class Attempt:
    """Has a child paint, from its construction on.

    Args:
        child: that paints nothing else meanwhile.
        settings: their NST_JOB_SECONDS and NST_HANG_SECONDS hold, for large paintings in proportion.
        now: on any clock, always the same.
    """

    def __init__(self, child: Child, request: PaintRequest, settings: Settings, now: float) -> None:
        self._child, self._token = child, request.token
        self._begun = self._heard = now
        self._longest, self._silent = (longest_seconds(request.params, each) for each in (settings.job_seconds, settings.hang_seconds))
        self._cancelled: float | None = None
        self._event: Advanced | Final | None = None
        self._checkpoint: bytes | None = None
        self.measured: PresetSeconds | None = None
        """What paintings take here, if the child has just estimated that."""
        child.send(request)

    def cancel(self, now: float) -> None:
        """Asks the child to stop. How the attempt ends after that means nothing."""
        self._cancelled = now
        self._child.send(Cancel(self._token))

    def poll(self, now: float) -> Advanced | Final | None:
        """The latest event: progress, or the end. The same again until it is `handled` or there is a newer one.

        An attempt that the child cannot end any more fails, and a child that is over a limit is killed.
        """
        exit_code = self._child.exit_code  # asked first: what it sent before its death is still read
        self.listen(now)
        if not isinstance(self._event, Final):
            self._event = self._broken_off(exit_code, now) or self._event
        return self._event

    def listen(self, now: float) -> None:
        """Reads what the child has sent, for `poll`: a child whose pipe is full waits."""
        for message in self._child.received():
            if isinstance(message, Ready | LoadFailed | Measured):
                self._heard = now
                self.measured = message.seconds if isinstance(message, Measured) else self.measured
            elif message.token == self._token and not isinstance(self._event, Final):
                self._heard = now
                if isinstance(message, Checkpointed):
                    self._checkpoint = message.checkpoint
                else:
                    self._event = message
        if isinstance(self._event, Stopped) and self._cancelled is None:
            self._event = Failed(self._token, user_messages.DIED)

    def take_checkpoint(self) -> bytes | None:
        """The latest checkpoint; None when it was taken already, or there is none."""
        checkpoint, self._checkpoint = self._checkpoint, None
        return checkpoint

    def handled(self, event: Advanced) -> None:
        """Forgets that event, unless there is a newer one."""
        if self._event is event:
            self._event = None

    def _broken_off(self, exit_code: int | None, now: float) -> Final | None:
        if exit_code is not None:
            log.warning("the child of job %s died with %d", self._token.job_id, exit_code, extra={"job_id": self._token.job_id})
            return Failed(self._token, user_messages.KILLED if exit_code == -signal.SIGKILL else user_messages.DIED)
        if self._cancelled is not None:
            end: Final | None = Stopped(self._token) if now - self._cancelled >= GRACE_SECONDS else None
        elif now - self._begun > self._longest:
            end = Failed(self._token, user_messages.LONG.format(minutes=self._longest / 60))
        else:
            end = Failed(self._token, user_messages.STUCK) if now - self._heard > self._silent else None
        if end is not None:
            self._child.kill()
        return end
