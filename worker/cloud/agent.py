"""Paints one assignment and reports: progress and previews on the way, and in any case the end.

The model lives in a child process, as everywhere: one that the system kills for its memory still leaves somebody to say so. Result first,
then the report: whoever reads the report finds the result.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from nst.domain import StyleParams, Ticket, is_key, result_key
from nst.domain.keys import preview_key
from nst.errors import InvalidParams, ObjectMissing, PasticheError, StoreUnavailable, UnknownStyle
from nst.settings import Settings
from nst.store import wire
from nst.store.machines import Mailbox
from nst.store.ports import ObjectStore
from nst.store.wire import Sender, Unreadable
from nst.styles import Catalogue
from worker import sentences
from worker.messages import Advanced, Done, Failed, FromChild, Run
from worker.process import Child, MakeChild

SUCCEEDED, FAILED, TRY_AGAIN, INTERRUPTED = 0, 1, 75, 143
PROGRESS_SECONDS = 2.0  # a letter costs, and a visitor looks every two seconds
_LOOK_SECONDS = 0.25
_SIGKILL = -9

log = logging.getLogger(__name__)


class _Interruption(Exception):
    """SIGTERM: the machine is taken away, the time is up, or the owner has cancelled."""


@dataclass(frozen=True)
class Assignment:
    """What the command line and the environment say.

    Attributes:
        attempt: the record's, which letters carry.
        blend: pairs of a style and its share; `style` alone when empty.
        id, try_number: AWS Batch's own, which makes several tries of one attempt.
    """

    content_key: str
    style: str
    request_id: str
    attempt: int | None
    params: Any
    blend: Any
    id: str = ""
    try_number: int = 1

    def sender(self) -> Sender:
        front_end = self.request_id.rpartition("::")[0]
        return Sender(wire.job_id_of(self.request_id), self.attempt, self.id, front_end)


class Agent:
    """One assignment's."""

    def __init__(
        self,
        assignment: Assignment,
        objects: ObjectStore,
        mail: Mailbox,
        catalogue: Catalogue,
        settings: Settings,
        make_child: MakeChild,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assignment, self._objects, self._mail, self._catalogue = assignment, objects, mail, catalogue
        self._settings, self._make_child, self._clock = settings, make_child, clock
        self._told = float("-inf")

    def run(self, interrupted: threading.Event) -> int:
        """From reading to reporting.

        Returns:
            the process' exit code.
        """
        try:
            self._sender = self._assignment.sender()
        except Unreadable:
            log.error("the request id %r names no job: there is nobody to report to", self._assignment.request_id)
            return FAILED
        try:
            return self._paint(interrupted)
        except _Interruption:
            log.warning("job %s is interrupted", self._sender.job_id)
            return self._report(wire.Interrupted(self._sender), INTERRUPTED)
        except StoreUnavailable as error:
            return self._out_of_reach(error)
        except PasticheError as error:
            return self._fail(str(error))
        except Exception:  # whatever it is, somebody waits for word of it
            log.exception("job %s failed", self._sender.job_id)
            return self._fail(sentences.OF_OURS)

    def _paint(self, interrupted: threading.Event) -> int:
        child = self._make_child()  # loads its model while pictures are fetched
        try:
            order = self._order()
            child.send(order)
            final = self._await(child, order, interrupted)
        finally:
            child.kill()
        if isinstance(final, Failed):
            return self._fail(final.error)
        key = result_key(self._assignment.content_key)
        try:
            self._objects.put(key, final.picture)
        except OSError:
            log.exception("the painting could not be stored")
            return self._fail(sentences.UNSTORED)
        log.info("job %s is painted", self._sender.job_id)
        return self._report(wire.Painted(self._sender, key, len(final.picture), final.recipe), SUCCEEDED)

    def _order(self) -> Run:
        key = self._assignment.content_key
        if not is_key(key) or result_key(key) == key:
            raise ObjectMissing("There is no such photo.")
        if not isinstance(self._assignment.params, dict):
            raise InvalidParams("Parameters must be a JSON object.")
        params = StyleParams.from_dict(self._assignment.params)
        styles = tuple((self._style(name), share) for name, share in self._shares())
        ticket = Ticket(self._sender.job_id, self._assignment.attempt or 0)
        return Run(ticket, self._objects.get(key), styles, params, PurePosixPath(key).suffix)

    def _shares(self) -> list[tuple[str, float]]:
        try:
            return [(str(name), float(share)) for name, share in self._assignment.blend] or [(self._assignment.style, 1.0)]
        except (TypeError, ValueError) as error:
            raise InvalidParams("A blend must be pairs of a style and a number.") from error

    def _style(self, name: str) -> bytes:
        """A key, a bundled style, or what lies in the bucket under that name."""
        try:
            if not is_key(name):
                return self._catalogue.get(name).path.read_bytes()
        except UnknownStyle as unknown:
            try:
                return self._objects.get(f"style/{name}.jpg")
            except ObjectMissing:
                raise unknown from None
        return self._objects.get(name)

    def _await(self, child: Child, order: Run, interrupted: threading.Event) -> Done | Failed:
        """Until the child is done or cannot be any more."""
        begun = heard = self._clock()
        while True:
            child.wait(_LOOK_SECONDS)
            if interrupted.is_set():
                raise _Interruption
            exit_code, now = child.exit_code, self._clock()  # death first: what was said before it is still read
            for message in child.received():
                heard = now
                if isinstance(message, Done | Failed):
                    return message
                self._tell(message, now)
            if exit_code is not None:
                return Failed(order.ticket, sentences.KILLED if exit_code == _SIGKILL else sentences.DIED)
            if now - begun > self._settings.job_seconds:
                return Failed(order.ticket, sentences.LONG.format(minutes=self._settings.job_seconds / 60))
            if now - heard > self._settings.hang_seconds:
                return Failed(order.ticket, sentences.STUCK)

    def _tell(self, message: FromChild, now: float) -> None:
        """Progress is worth no attempt: what cannot be told is left untold."""
        if not isinstance(message, Advanced) or now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        key = preview_key(self._sender.job_id)
        try:
            self._objects.put(key, message.preview)
            self._mail.send(wire.Advanced(self._sender, message.progress, key))
        except (OSError, StoreUnavailable):
            log.warning("progress of job %s was not told", self._sender.job_id)

    def _out_of_reach(self, error: StoreUnavailable) -> int:
        """Batch tries as often as its job definition says; the last time, somebody has to hear of it."""
        log.warning("try %d of job %s: %s", self._assignment.try_number, self._sender.job_id, error.__cause__ or error)
        if self._assignment.try_number < self._settings.max_attempts:
            return self._report(wire.Interrupted(self._sender), TRY_AGAIN)
        return self._fail(str(error))

    def _fail(self, sentence: str) -> int:
        log.warning("job %s fails: %s", self._sender.job_id, sentence)
        return self._report(wire.Failed(self._sender, sentence), FAILED)

    def _report(self, message: wire.Painted | wire.Failed | wire.Interrupted, exit_code: int) -> int:
        try:
            self._mail.send(message)
        except (OSError, StoreUnavailable):
            log.exception("job %s cannot report its end", self._sender.job_id)
            return TRY_AGAIN
        return exit_code
