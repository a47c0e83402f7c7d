"""The process that owns the model. It is told what to paint and tells how it goes; it knows no queue, no store and no network.

It lives by its parent: when the pipe closes, it leaves at once, whatever it is doing.
"""

import json
import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import PurePath
from queue import SimpleQueue
from typing import Any, Protocol

from PIL import Image

from nst import images
from nst.domain import JobProgress, StyleParams, Ticket
from nst.errors import PasticheError
from nst.images import STORED, Format
from nst.settings import Settings
from worker.messages import Advanced, Cancel, Done, Failed, Final, FromChild, Run, Started, Stopped, ToChild
from worker.throttle import Throttle

PREVIEW_SIDE = 512
PROGRESS_SECONDS = 0.5
_QUALITY, _PREVIEW_QUALITY = 95, 80
_OF_OURS = "The painting failed for a reason that lies with us. Please try again, or choose another photo or preset."

log = logging.getLogger(__name__)


class Iterate(Protocol):
    """What an engine tells of its progress; `nst.engine.Iterate` is one."""

    @property
    def fraction(self) -> float: ...
    @property
    def stage(self) -> str: ...
    @property
    def seconds_left(self) -> float | None: ...
    @property
    def preview(self) -> Callable[[int], Image.Image]: ...


class Painting(Protocol):
    """What an engine returns; `nst.engine.Result` is one."""

    @property
    def picture(self) -> Image.Image: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...
    @property
    def stopped(self) -> bool: ...


class Paint(Protocol):
    """An engine. `should_stop` is to be asked every second or so."""

    def __call__(
        self,
        photo: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        params: StyleParams,
        on_progress: Callable[[Iterate], None],
        should_stop: Callable[[], bool],
    ) -> Painting: ...


def painter(settings: Settings) -> Paint:
    """The real engine, with its encoder loaded."""
    from nst.engine import Style, device_named, load_encoder, stylize

    device = device_named(settings.device)
    load_encoder("compact", device, settings.weights_dir)

    def paint(
        photo: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        params: StyleParams,
        on_progress: Callable[[Iterate], None],
        should_stop: Callable[[], bool],
    ) -> Painting:
        blend = [Style(picture, share) for picture, share in styles]
        return stylize(photo, blend, params, on_progress=on_progress, should_stop=should_stop, device=device)

    return paint


def main(connection: "Connection[FromChild, ToChild]", settings: Settings) -> None:
    """Where the process begins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    _Child(connection, settings).work()


class _Child:
    def __init__(self, connection: "Connection[FromChild, ToChild]", settings: Settings) -> None:
        self._connection, self._settings = connection, settings
        self._orders: SimpleQueue[Run | None] = SimpleQueue()
        self._cancelled: Ticket | None = None
        self._engine: Paint | None = None

    def work(self) -> None:
        """Paints until it is told to leave."""
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._paint_with()  # now, while nobody waits
        except Exception:  # whatever it is, the first job hears of it
            log.exception("the engine could not be loaded yet")
        while (order := self._orders.get()) is not None:
            self._connection.send(Started(order.ticket))
            throttle = Throttle(self._connection.send, PROGRESS_SECONDS, time.monotonic)
            throttle.finish(self._painted(order, throttle))

    def _listen(self) -> None:
        """In a thread of its own, so that a cancellation is heard while the engine works."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                os._exit(1)
            if isinstance(message, Cancel):
                self._cancelled = message.ticket
            else:
                self._orders.put(message if isinstance(message, Run) else None)

    def _paint_with(self) -> Paint:
        if self._engine is None:
            module, _, factory = self._settings.engine.partition(":")
            self._engine = getattr(import_module(module), factory)(self._settings)
        return self._engine

    def _painted(self, order: Run, throttle: Throttle) -> Final:
        try:
            return self._paint(order, throttle)
        except PasticheError as error:
            return Failed(order.ticket, str(error))
        except MemoryError:
            return Failed(order.ticket, "The painting needs more memory than there is. Choose a smaller preset.")
        except Exception:  # an engine may raise anything, and the next job wants to be painted, too
            log.exception("job %s failed", order.ticket.job_id)
            return Failed(order.ticket, _OF_OURS)

    def _paint(self, order: Run, throttle: Throttle) -> Final:
        photo = images.decode(order.photo, STORED)
        styles = [(images.decode(data, STORED), share) for data, share in order.styles]
        painting = self._paint_with()(
            photo,
            styles,
            order.params,
            lambda iterate: throttle.advance(lambda: _advanced(order.ticket, iterate)),
            lambda: self._cancelled == order.ticket,
        )
        if painting.stopped:
            return Stopped(order.ticket)
        format = images.format_of(PurePath(f"painting{order.suffix}")) or Format.JPEG
        # Plain values alone: the parent imports what it unpickles, and `torch.__version__` is a class of torch's.
        recipe = json.loads(json.dumps(painting.recipe))
        return Done(order.ticket, images.encode(painting.picture, format, _QUALITY), recipe)


def _advanced(ticket: Ticket, iterate: Iterate) -> Advanced:
    preview = iterate.preview(PREVIEW_SIDE)
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    progress = JobProgress(iterate.fraction, iterate.stage, iterate.seconds_left)
    return Advanced(ticket, progress, images.encode(preview, Format.JPEG, _PREVIEW_QUALITY))
