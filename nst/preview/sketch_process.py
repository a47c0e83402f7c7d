"""A process that paints sketches (`nst.model_process.child`): started on demand, watched, and replaced when it dies or hangs."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from nst.domain import FencingToken, StyleParams, StyleShare
from nst.errors import PreviewFailed
from nst.model_process.messages import (
    Advanced,
    Cancel,
    Done,
    Failed,
    FindRequest,
    FromChild,
    PaintRequest,
    Ready,
    RegionRequest,
    Role,
    Stopped,
    Strokes,
)
from nst.model_process.parent import ModelProcess
from nst.settings import Settings

LOADING_SECONDS = 120.0  # the longest that loading the model may take, on a busy machine
DIED = "The preview broke off. Try again; the painting itself may still succeed."
_LOOK_SECONDS = 0.25  # between two checks whether the process has died

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SketchRequest:
    """What to sketch. Pictures are encoded files."""

    photo: bytes
    styles: tuple[StyleShare[bytes], ...]
    params: StyleParams
    regions: tuple[RegionRequest, ...] = ()


@dataclass(frozen=True)
class RegionSearch:
    """A region to find in a photo, which is an encoded file: an automatic one by its name, or what strokes mean."""

    photo: bytes
    region: str | Strokes


class SketchProcess:
    """Paints one sketch, or finds one region, at a time. For one thread, except for `stop` and `close`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._child: ModelProcess | None = None
        self._running: FencingToken | None = None
        self._numbers = itertools.count(1)
        self._is_closed = False

    def prepare(self) -> None:
        """Starts the process in advance. If that fails, the first request tries again and reports it."""
        try:
            self._living_child()
        except PreviewFailed:
            log.warning("the sketches' process could not be started yet")

    def paint(self, request: SketchRequest, on_picture: Callable[[bytes], None] | None = None, patience: float = 1.0) -> bytes | None:
        """The sketch, encoded: a PNG where the photo is transparent, else a JPEG; None when `stop` ended it.

        Args:
            on_picture: called with the sketch so far, encoded, about once a second.
            patience: how many times NST_PREVIEW_SECONDS it may take.

        Raises:
            PreviewFailed: with a sentence for the visitor.
        """

        def order(token: FencingToken) -> PaintRequest:
            return PaintRequest(token, request.photo, request.styles, request.params, regions=request.regions)

        return self._ask(order, on_picture, patience)

    def find(self, search: RegionSearch) -> bytes | None:
        """The mask of the region, a PNG; black where there is none. None when `stop` ended it.

        Raises:
            PreviewFailed: with a sentence for the visitor.
        """
        return self._ask(lambda token: FindRequest(token, search.photo, search.region))

    def _ask(
        self,
        order: Callable[[FencingToken], PaintRequest | FindRequest],
        on_picture: Callable[[bytes], None] | None = None,
        patience: float = 1.0,
    ) -> bytes | None:
        child, token = self._living_child(), FencingToken("preview", next(self._numbers))
        with self._lock:
            self._running = token
            child.send(order(token))
        try:
            answer = self._answer(child, patience * self._settings.preview_seconds, on_picture)
        finally:
            with self._lock:
                self._running = None
        match answer:
            case Done(picture=picture):
                return picture
            case Stopped():
                return None
            case Failed(error=error):
                raise PreviewFailed(error)
        raise PreviewFailed(DIED)

    def stop(self) -> None:
        """Ends the sketch in progress, if there is one, at its next step. For any thread."""
        with self._lock:
            if self._child is not None and self._running is not None:
                self._child.send(Cancel(self._running))

    def close(self) -> None:
        """Ends the process for good, also during a sketch. For any thread."""
        with self._lock:
            self._is_closed = True
        self._end()

    def _living_child(self) -> ModelProcess:
        """The process, with its model loaded."""
        child = self._child  # read once: `close` may take it away at any time
        if child is not None and child.exit_code is None:
            return child
        self._end()
        with self._lock:
            if self._is_closed:
                raise PreviewFailed(DIED)
            try:
                self._child = child = ModelProcess(self._settings, Role.PREVIEW)
            except OSError as error:  # no memory or no process left
                raise PreviewFailed(DIED) from error
        if not isinstance(self._answer(child, LOADING_SECONDS), Ready):
            self._end()
            raise PreviewFailed(DIED)
        return child

    def _answer(self, child: ModelProcess, seconds: float, on_picture: Callable[[bytes], None] | None = None) -> FromChild:
        """The first message that is not about progress.

        Raises:
            PreviewFailed: when the process dies or the time is over. The process is ended.
        """
        deadline = time.monotonic() + seconds
        is_dead = False
        while not is_dead and (left := deadline - time.monotonic()) > 0:
            child.wait(min(left, _LOOK_SECONDS))
            is_dead = child.exit_code is not None  # asked first: what it sent before its death is still read
            for message in child.received():
                if not isinstance(message, Advanced):
                    return message
                if on_picture is not None:
                    on_picture(message.preview)
        self._end()
        raise PreviewFailed(DIED)

    def _end(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()
