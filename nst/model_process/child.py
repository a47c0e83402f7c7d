"""`python -m nst.model_process.child`: the process that owns the model. It paints what its parent asks for, one painting after the other.

It knows no queue, no store and no network. When its standard input closes, it exits at once, whatever it is doing. Its standard output is
for messages alone; what an engine prints goes to standard error.
"""

import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple
from queue import Empty, SimpleQueue
from typing import IO, Any

from PIL import Image

from nst import images
from nst.checkpoints import CheckpointKeeper
from nst.domain import FencingToken, JobProgress, Mode, PresetSeconds, Progress, StyleParams, StyleShare
from nst.errors import InvalidParams, PasticheError, is_out_of_memory
from nst.images import Format
from nst.lru import LRUCache
from nst.model_process import engine
from nst.model_process.codecs import codec_for
from nst.model_process.durations import IDLE_SECONDS, DurationEstimator
from nst.model_process.engine import Measurable, Paint, Painting, Region
from nst.model_process.frames import read_frame
from nst.model_process.messages import (
    Advanced,
    Cancel,
    Checkpointed,
    Configure,
    Done,
    Failed,
    FindRequest,
    FromChild,
    LoadFailed,
    Measured,
    PaintRequest,
    Ready,
    Role,
    Stopped,
    ToChild,
    frame_of,
    message_to_child,
)
from nst.settings import Settings
from nst.timelapse import FrameRecorder, film

_FOUND_MASKS = 8

log = logging.getLogger(__name__)


def painter(settings: Settings) -> "Painter":
    """The real engine, with its networks loaded."""
    return Painter(settings)


class Painter:
    """The engine on one device: a `Paint` that is `Measurable`."""

    def __init__(self, settings: Settings) -> None:
        from nst.engine import device_named, load_encoder, load_instant
        from nst.engine.durations import machine

        self._device, self._weights_dir, self._finder = device_named(settings.device), settings.weights_dir, _Finder()
        load_encoder("compact", self._device, settings.weights_dir, settings.precision)
        self._instant = load_instant(self._device, settings.precision)
        self.machine = machine(self._device, settings.precision)

    def __call__(
        self,
        photo: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        params: StyleParams,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        regions: Sequence[Region] = (),
        earlier: Image.Image | None = None,
        checkpoint: bytes | None = None,
    ) -> Painting:
        from nst.engine import Region as EngineRegion
        from nst.engine import stylize

        finder = self._finder
        found = [EngineRegion(finder.mask(region.mask, photo), finder.styles(region), region.strength) for region in regions]
        how: dict[str, Any] = {"on_progress": on_progress, "should_stop": should_stop, "regions": found, "earlier": earlier}
        where: dict[str, Any] = {"device": self._device, "instant": self._instant, "weights_dir": self._weights_dir}
        return stylize(photo, _shares(styles), params, checkpoint=checkpoint, **how, **where)

    def durations(self, should_stop: Callable[[], bool]) -> PresetSeconds | None:
        from nst.engine.durations import measured_durations

        return measured_durations(self._device, self._instant, self._weights_dir, should_stop)


class _Finder:
    """Looks for regions in photos, and in styles of which a part is used.

    Masks that were found are kept: a sketch is painted again with every change of its parameters.
    """

    def __init__(self) -> None:
        self._masks: LRUCache[tuple[str, str], Image.Image] = LRUCache(_FOUND_MASKS)

    def mask(self, mask: Image.Image | str, picture: Image.Image) -> Image.Image:
        """A mask for a picture; the name of a region is looked for in it."""
        return self._found(mask, picture) if isinstance(mask, str) else mask

    def styles(self, region: Region) -> list[Any]:
        """The styles of a region, as the engine takes them."""
        from nst.engine import MaskedStyle

        masks = region.style_masks or [None] * len(region.styles)
        return [
            StyleShare(MaskedStyle(picture, None if mask is None else self._part(mask, picture)), share)
            for (picture, share), mask in zip(region.styles, masks, strict=True)
        ]

    def _part(self, mask: Image.Image | str, picture: Image.Image) -> Image.Image:
        """The mask of the part of a style's picture that is used."""
        found = self.mask(mask, picture)
        if isinstance(mask, str) and found.getbbox() is None:
            raise InvalidParams(f"Nothing was found for {mask!r} in a style's picture. Choose another part, or use the whole picture.")
        return found

    def _found(self, name: str, picture: Image.Image) -> Image.Image:
        from nst.engine.region_proposals import propose  # its libraries take a while to load
        from nst.engine.tensors import digest

        return self._masks.get_or_make((name, digest(picture)), lambda: propose(picture, name))


def _shares(styles: Sequence[tuple[Image.Image, float]]) -> list[StyleShare[Image.Image]]:
    return [StyleShare(picture, share) for picture, share in styles]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent decides
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    messages = _messages(os.fdopen(os.dup(sys.stdin.fileno()), "rb"))
    first = next(messages, None)
    if isinstance(first, Configure):
        child = _Child(first.role, Settings(**first.settings), output)
        threading.Thread(target=child.listen, args=(messages,), daemon=True).start()
        child.work()


def _messages(stream: IO[bytes]) -> Iterator[ToChild]:
    while (frame := read_frame(stream)) is not None:
        yield message_to_child(frame)


class _Child:
    def __init__(self, role: Role, settings: Settings, output: IO[bytes]) -> None:
        self._role, self._settings, self._output = role, settings, output
        self._codec = codec_for(role, settings)
        self._requests: SimpleQueue[PaintRequest | FindRequest] = SimpleQueue()
        self._cancelled: FencingToken | None = None
        self._engine: Paint | None = None
        self._estimator: DurationEstimator | None = None

    def listen(self, messages: Iterator[ToChild]) -> None:
        """Reads messages, in a thread: a cancellation has to arrive while the engine works. Ends the process at the end of input."""
        try:
            for message in messages:
                if isinstance(message, Cancel):
                    self._cancelled = message.token
                elif isinstance(message, PaintRequest | FindRequest):
                    self._requests.put(message)
        except Exception:
            log.exception("a message of the parent cannot be read")
        finally:
            os._exit(1)

    def work(self) -> None:
        """Paints until the process ends."""
        try:
            self._loaded_engine()
        except Exception:  # an engine's factory may raise anything
            log.exception("the engine could not be loaded")
            self._send(LoadFailed())
        else:
            self._send(Ready())
            if self._role is Role.PAINTING and isinstance(self._engine, Measurable):
                self._estimator = DurationEstimator(self._engine, self._settings.weights_dir)
        while True:
            self._serve(self._next_request())

    def _next_request(self) -> PaintRequest | FindRequest:
        """Waits for one, and estimates meanwhile how long paintings take here: a request interrupts that."""
        while self._estimator is not None:
            with suppress(Empty):
                return self._requests.get(timeout=IDLE_SECONDS)
            self._estimate(self._estimator)
        return self._requests.get()

    def _estimate(self, estimator: DurationEstimator) -> None:
        try:
            seconds = estimator.step(lambda: not self._requests.empty())
        except Exception:  # an engine may raise anything
            log.exception("how long paintings take could not be measured")
            self._estimator = None
            return
        if seconds is not None:
            self._send(Measured(seconds))
        if estimator.is_done:
            self._estimator = None

    def _send(self, message: FromChild) -> None:
        frame_of(message).write(self._output)

    def _loaded_engine(self) -> Paint:
        if self._engine is None:
            self._engine = engine.load(self._role, self._settings)
        return self._engine

    def _serve(self, request: PaintRequest | FindRequest) -> None:
        try:
            self._send(self._found(request) if isinstance(request, FindRequest) else self._painted(request))
        except PasticheError as error:
            self._send(Failed(request.token, str(error)))
        except Exception as error:  # an engine may raise anything, and the next request has to be served
            log.exception("painting %s failed", request.token.job_id)
            self._send(Failed(request.token, self._codec.out_of_memory if is_out_of_memory(error) else self._codec.fault))

    def _painted(self, request: PaintRequest) -> Done | Stopped:
        codec = self._codec
        is_filmed = self._role is Role.PAINTING and request.params.mode is not Mode.INSTANT
        recorder = FrameRecorder() if is_filmed else None
        keeper = self._keeper(request.token) if self._role is Role.PAINTING else None
        throttle = Throttle(self._send, codec.progress_seconds, time.monotonic, codec.first_progress_seconds)

        def on_progress(progress: Progress) -> None:
            if recorder is not None:
                recorder.add(progress)
            if keeper is not None:
                keeper.add(progress)
            if codec.is_shown(progress):
                reported = JobProgress(progress.fraction, progress.stage, progress.seconds_left)
                throttle.send(lambda: Advanced(request.token, reported, codec.encode_progress(progress, request)))

        paint = self._loaded_engine()
        photo, more = codec.photo(request.photo), self._more(request)
        styles = self._decoded(request.styles)
        painting = paint(photo, styles, request.params, on_progress, lambda: self._cancelled == request.token, **more)
        if painting.stopped:
            return Stopped(request.token)
        film = _film(photo, recorder.frames, painting.picture) if recorder is not None and recorder.frames else None
        small = _thumbnails(photo, painting.picture) if self._role is Role.PAINTING else ()
        return Done(request.token, codec.encode(painting.picture, request), painting.recipe, film, small)

    def _keeper(self, token: FencingToken) -> CheckpointKeeper:
        return CheckpointKeeper(lambda checkpoint: self._send(Checkpointed(token, checkpoint)), self._settings.checkpoint_seconds)

    def _more(self, request: PaintRequest) -> dict[str, Any]:
        """What an engine is given only where there is some."""
        more: dict[str, Any] = {"regions": self._regions(request)} if request.regions else {}
        if request.earlier is not None:
            more["earlier"] = self._codec.photo(request.earlier)
        if request.checkpoint is not None:
            more["checkpoint"] = request.checkpoint
        return more

    def _found(self, request: FindRequest) -> Done:
        from nst.engine.region_proposals import propose, subject_from_strokes

        photo = self._codec.photo(request.photo)
        if isinstance(request.region, str):
            mask = propose(photo, request.region)
        else:
            mask = subject_from_strokes(photo, *(self._codec.mask(each) if each else None for each in astuple(request.region)))
        return Done(request.token, images.encode(mask, Format.PNG), {})

    def _decoded(self, styles: Sequence[StyleShare[bytes]]) -> list[tuple[Image.Image, float]]:
        return [(self._codec.style(each.style), each.share) for each in styles]

    def _regions(self, request: PaintRequest) -> list[Region]:
        return [
            Region(
                self._mask(each.mask),
                self._decoded(each.styles),
                each.strength,
                [m if m is None else self._mask(m) for m in each.style_masks],
            )
            for each in request.regions
        ]

    def _mask(self, mask: bytes | str) -> Image.Image | str:
        return mask if isinstance(mask, str) else self._codec.mask(mask)


def _film(photo: Image.Image, frames: Sequence[Image.Image], painting: Image.Image) -> bytes | None:
    """The time-lapse; None when it cannot be made, which must not cost the painting."""
    try:
        return film(photo, frames, painting)
    except Exception:
        log.exception("there is no time-lapse")
        return None


def _thumbnails(*pictures: Image.Image) -> tuple[bytes, ...]:
    """Thumbnails of these pictures; none when they cannot be made, which must not cost the painting."""
    try:
        return tuple(map(images.thumbnail, pictures))
    except Exception:
        log.exception("there are no thumbnails")
        return ()


class Throttle:
    """Sends progress at most every `seconds`; an engine may report it a hundred times a second."""

    def __init__(self, send: Callable[[FromChild], None], seconds: float, clock: Callable[[], float], first_seconds: float = 0.0) -> None:
        self._send, self._seconds, self._clock = send, seconds, clock
        self._next = clock() + first_seconds

    def send(self, message: Callable[[], Advanced]) -> None:
        """Makes the message only when it is sent: the picture in it takes time."""
        if self._clock() >= self._next:
            self._send(message())
            self._next = self._clock() + self._seconds


if __name__ == "__main__":
    main()
