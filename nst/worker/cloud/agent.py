"""Paints one assignment and reports progress, previews and, in any case, the end.

The model has a process of its own, so that the agent can report when the system kills it for its memory. The result is stored before the
report is sent: who reads the report finds the result.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from nst.domain import FencingToken, RegionRef, StyleParams, StyleShare, is_key, output_key_of
from nst.domain.keys import preview_key
from nst.errors import (
    InvalidParams,
    ObjectMissing,
    PasticheError,
    StoreFull,
    StoreMisconfigured,
    StoreUnavailable,
    StyleChanged,
    UnknownStyle,
)
from nst.model_process.messages import Advanced, Done, Failed, Final, PaintRequest, RegionRequest
from nst.model_process.parent import Child, MakeChild
from nst.settings import Settings
from nst.store import wire
from nst.store.ports import ObjectStore
from nst.store.ports.batch import MessageQueue
from nst.store.wire import MalformedMessage, Sender
from nst.styles import Catalogue, digest_of
from nst.worker import user_messages
from nst.worker.attempt import Attempt
from nst.worker.checkpoints import attempts_before, find_checkpoint, store_checkpoint
from nst.worker.masks import mask_file, style_masks
from nst.worker.timelapse_and_thumbnails import store_extras

SUCCEEDED, FAILED, TRY_AGAIN, INTERRUPTED = 0, 1, 75, 143
PROGRESS_SECONDS = 2.0  # between two reports: a message costs money, and a page asks every two seconds
_LOOK_SECONDS = 0.25

log = logging.getLogger(__name__)


class _Interruption(Exception):
    """SIGTERM: the machine is taken away, the time is over, or the owner has cancelled."""


@dataclass(frozen=True)
class Assignment:
    """The parameters on the command line and in the environment.

    Attributes:
        attempt: the record's, which messages carry.
        blend: pairs of a style and its share; `style` alone when empty.
        digests: of the style pictures that are meant, by style; a style without one may have any.
        regions: as of `RegionRef.to_dict`.
        earlier: the key of the painting that is enlarged; empty for a painting that begins with the photo.
        id, try_number: AWS Batch's own, which makes several tries of one attempt.
    """

    content_key: str
    style: str
    request_id: str
    attempt: int | None
    params: Any
    blend: Any
    digests: Any = field(default_factory=dict)
    regions: Any = ()
    earlier: str = ""
    id: str = ""
    try_number: int = 1

    def sender(self) -> Sender:
        front_end = self.request_id.rpartition("::")[0]
        return Sender(wire.job_id_of(self.request_id), self.attempt, self.id, front_end)


class Agent:
    """Paints one assignment."""

    def __init__(
        self,
        assignment: Assignment,
        objects: ObjectStore,
        messages: MessageQueue,
        catalogue: Catalogue,
        settings: Settings,
        make_child: MakeChild,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assignment, self._objects, self._messages, self._catalogue = assignment, objects, messages, catalogue
        self._settings, self._make_child, self._clock = settings, make_child, clock
        self._reported = float("-inf")

    def run(self, interrupted: threading.Event) -> int:
        """Reads, paints, stores and reports.

        Returns:
            the exit code of the process.
        """
        try:
            self._sender = self._assignment.sender()
        except MalformedMessage:
            log.error("the request id %r names no job: there is none to report about", self._assignment.request_id)
            return FAILED
        try:
            return self._paint(interrupted)
        except _Interruption:
            log.warning("job %s is interrupted", self._sender.job_id)
            return self._report(wire.Interrupted(self._sender), INTERRUPTED)
        except StoreMisconfigured:  # another try would not go better
            log.exception("job %s failed", self._sender.job_id)
            return self._fail(user_messages.INTERNAL)
        except StoreUnavailable as error:
            return self._out_of_reach(error)
        except StyleChanged as error:
            return self._fail(str(error), error.code)
        except PasticheError as error:
            return self._fail(str(error))
        except Exception:  # whatever it is, the owner has to be told
            log.exception("job %s failed", self._sender.job_id)
            return self._fail(user_messages.INTERNAL)

    def _paint(self, interrupted: threading.Event) -> int:
        child = self._make_child()  # loads its model while pictures are fetched
        try:
            attempt = Attempt(child, self._request(), self._settings, self._clock())
            final = self._end_of(attempt, child, interrupted)
        finally:
            child.kill()
        if not isinstance(final, Done):
            return self._fail(final.error if isinstance(final, Failed) else user_messages.DIED)
        key = output_key_of(self._assignment.content_key)
        try:
            self._objects.put(key, final.picture)
        except (StoreFull, StoreMisconfigured):
            log.exception("the painting could not be stored")
            return self._fail(user_messages.UNSTORED)
        outcome = store_extras(self._objects, key, final)
        log.info("job %s is painted", self._sender.job_id)
        painted = wire.Painted(self._sender, key, outcome.size_bytes, final.recipe, outcome.has_thumbnails)
        return self._report(painted, SUCCEEDED)

    def _request(self) -> PaintRequest:
        key = self._assignment.content_key
        if not is_key(key) or output_key_of(key) == key:
            raise ObjectMissing("There is no such photo.")
        if not isinstance(self._assignment.params, dict):
            raise InvalidParams("Parameters must be a JSON object.")
        params = StyleParams.from_dict(self._assignment.params)
        styles = tuple(StyleShare(self._style(each.style, self._digest(each.style)), each.share) for each in self._shares())
        regions, photo, earlier = tuple(map(self._region, self._regions())), self._objects.get(key), self._earlier()
        attempt = self._token.attempt  # AWS Batch may have tried it before
        checkpoint = find_checkpoint(self._objects, self._token.job_id, (attempt, *attempts_before(attempt)))
        return PaintRequest(self._token, photo, styles, params, PurePosixPath(key).suffix, regions, earlier, checkpoint)

    @property
    def _token(self) -> FencingToken:
        return FencingToken(self._sender.job_id, self._assignment.attempt or 0)

    def _earlier(self) -> bytes | None:
        """The painting that is enlarged."""
        key = self._assignment.earlier
        if key and not is_key(key):
            raise ObjectMissing("There is no such painting.")
        return self._objects.get(key) if key else None

    def _shares(self) -> list[StyleShare[str]]:
        try:
            return [StyleShare(str(name), float(share)) for name, share in self._assignment.blend] or [StyleShare(self._assignment.style)]
        except (TypeError, ValueError) as error:
            raise InvalidParams("A blend must be pairs of a style and a number.") from error

    def _regions(self) -> list[RegionRef]:
        try:
            match self._assignment.regions:
                case [*regions]:
                    return [RegionRef.from_dict(region) for region in regions]
            raise TypeError(self._assignment.regions)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidParams("Regions must be a JSON list of objects with a mask, styles and a strength.") from error

    def _region(self, region: RegionRef) -> RegionRequest:
        styles = tuple(StyleShare(self._style(each.name, each.digest), each.share) for each in region.styles)
        return RegionRequest(mask_file(self._objects, region.mask_key), styles, region.strength, style_masks(self._objects, region))

    def _digest(self, name: str) -> str | None:
        digests = self._assignment.digests
        if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
            raise InvalidParams("Digests must be a JSON object of texts.")
        return digests.get(name)

    def _style(self, name: str, digest: str | None) -> bytes:
        """A style picture: an object of that key, a style of the catalogue, or the bucket's picture of that name."""
        if is_key(name):
            return self._objects.get(name)
        try:
            return self._catalogue.file(name, digest)
        except (UnknownStyle, StyleChanged) as error:
            try:
                data = self._objects.get(f"style/{name}.jpg")
            except ObjectMissing:
                raise error from None
            if digest not in (None, digest_of(data)):
                raise StyleChanged(str(error)) from None
            return data

    def _end_of(self, attempt: Attempt, child: Child, interrupted: threading.Event) -> Final:
        """Waits for it, and reports progress."""
        while True:
            child.wait(_LOOK_SECONDS)
            if interrupted.is_set():
                raise _Interruption
            now = self._clock()
            event = attempt.poll(now)
            if isinstance(event, Final):
                return event
            if (checkpoint := attempt.take_checkpoint()) is not None:
                store_checkpoint(self._objects, self._token, checkpoint)
            if event is not None:
                attempt.handled(event)
                self._report_progress(event, now)

    def _report_progress(self, event: Advanced, now: float) -> None:
        """A report that cannot be sent is left out: it is not worth an attempt."""
        if now - self._reported < PROGRESS_SECONDS:
            return
        self._reported = now
        key = preview_key(self._sender.job_id)
        try:
            self._objects.put(key, event.preview)
            self._messages.send(wire.Advanced(self._sender, event.progress, key))
        except PasticheError:  # an outage, or the id of a front end that makes no key
            log.warning("progress of job %s could not be reported", self._sender.job_id)

    def _out_of_reach(self, error: StoreUnavailable) -> int:
        """AWS Batch tries as often as its job definition says; the last try reports the failure."""
        log.warning("try %d of job %s: %s", self._assignment.try_number, self._sender.job_id, error.reason)
        if self._assignment.try_number < self._settings.max_attempts:
            return self._report(wire.Interrupted(self._sender), TRY_AGAIN)
        return self._fail(str(error))

    def _fail(self, sentence: str, code: str | None = None) -> int:
        log.warning("job %s fails: %s", self._sender.job_id, sentence)
        return self._report(wire.Failed(self._sender, sentence, code), FAILED)

    def _report(self, message: wire.Painted | wire.Failed | wire.Interrupted, exit_code: int) -> int:
        try:
            self._messages.send(message)
        except StoreUnavailable:
            log.exception("job %s cannot report its end", self._sender.job_id)
            return TRY_AGAIN
        return exit_code
