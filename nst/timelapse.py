"""Time-lapses: short films of a painting as it emerged, from its photo to its last step.

Frames are kept while the painting is made, and become an MP4 (H.264) at its end. An animated WebP is made from that when somebody wants
one. This module knows no jobs and no users.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from threading import Lock

from PIL import Image

from nst.domain import Progress

LONG_SIDE = 512  # pixels
FRAMES_PER_SECOND = 24
PHOTO_SECONDS, GROWTH_SECONDS, PAINTING_SECONDS = 0.75, 3.75, 1.5
MAX_FRAMES = 32  # of a painting in progress; each takes half a megabyte of memory
_FIRST_INTERVAL = 0.2  # seconds between two frames of a painting that is done soon
_PAPER = (255, 255, 255)  # shown through transparent pixels: H.264 has none
_QUALITY = "23"  # H.264's constant rate factor
_ANIMATION_STEP = 2  # frames of the film for each frame of an animation
_ANIMATION_QUALITY = 75
_BT709 = 1  # the number of that colour space in H.264 and FFmpeg


class FilmFormat(StrEnum):
    MP4 = "mp4"
    WEBP = "webp"

    @property
    def suffix(self) -> str:
        return f".{self}"

    @property
    def media_type(self) -> str:
        return "video/mp4" if self is FilmFormat.MP4 else f"image/{self}"


class FrameRecorder:
    """Keeps frames of a painting in progress, evenly spaced in time, however long it takes.

    Args:
        clock: seconds on any clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.frames: list[Image.Image] = []
        self._clock, self._interval = clock, _FIRST_INTERVAL
        self._next = clock()

    def add(self, progress: Progress) -> None:
        """Keep a frame if one is due. When there are too many, every other one is dropped, and later ones are kept half as often."""
        now = self._clock()
        if now < self._next:
            return
        self.frames.append(_opaque(progress.preview(LONG_SIDE)))
        if len(self.frames) > MAX_FRAMES:
            del self.frames[::2]
            self._interval *= 2
        self._next = now + self._interval


def film(photo: Image.Image, frames: Sequence[Image.Image], painting: Image.Image) -> bytes:
    """An MP4 (H.264) of six seconds: the photo, its change into the painting, and the painting.

    Args:
        photo, frames, painting: of the same aspect ratio and any sizes; the film is at most 512 pixels wide and high.
    """
    import av  # both take a tenth of a second, and most commands need none
    import numpy as np

    size = _film_size(painting)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(path, "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"preset": "veryfast", "crf": _QUALITY})
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, FRAMES_PER_SECOND)
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            for picture, count in _pictures([_fitted(each, size) for each in (photo, *frames, painting)]):
                frame = av.VideoFrame.from_ndarray(np.asarray(picture)).reformat(format="yuv420p", dst_colorspace=_BT709)
                for _ in range(count):
                    frame.pts = None  # the next one's
                    container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


_converting = Lock()


def animation(film_file: bytes) -> bytes:
    """An endless animated WebP from a film as of `film`. One is made at a time: each takes a second of a processor, and memory."""
    import av

    with _converting, av.open(io.BytesIO(film_file), "r") as container:
        shown = [
            Image.fromarray(frame.to_ndarray(format="rgb24"))
            for number, frame in enumerate(container.decode(video=0))
            if _is_in_animation(number)
        ]
    seconds = [PHOTO_SECONDS, *[_ANIMATION_STEP / FRAMES_PER_SECOND] * (len(shown) - 2), PAINTING_SECONDS]
    output = io.BytesIO()
    durations = [round(1000 * each) for each in seconds]
    shown[0].save(output, "WEBP", save_all=True, append_images=shown[1:], duration=durations, loop=0, quality=_ANIMATION_QUALITY, method=2)
    return output.getvalue()


def _counts() -> tuple[int, int, int]:
    """Frames of the film that show the photo, the change, and the painting."""
    photo, growth, painting = (round(FRAMES_PER_SECOND * seconds) for seconds in (PHOTO_SECONDS, GROWTH_SECONDS, PAINTING_SECONDS))
    return photo, growth, painting


def _is_in_animation(number: int) -> bool:
    """Still parts are one long frame."""
    photo, growth, _ = _counts()
    step = number - photo
    return number == 0 or step == growth or (0 <= step < growth and step % _ANIMATION_STEP == 0)


def _pictures(stages: Sequence[Image.Image]) -> Iterator[tuple[Image.Image, int]]:
    """The pictures of the film, each with its number of frames. During the change, each stage blends into the next."""
    photo, growth, painting = _counts()
    yield stages[0], photo
    for number in range(growth):
        place = number / growth * (len(stages) - 1)
        before = int(place)
        yield Image.blend(stages[before], stages[before + 1], place - before), 1
    yield stages[-1], painting


def _film_size(picture: Image.Image) -> tuple[int, int]:
    """Even, as H.264 requires."""
    factor = min(1.0, LONG_SIDE / max(picture.size))
    width, height = (max(2, 2 * round(side * factor / 2)) for side in picture.size)
    return width, height


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    opaque = _opaque(picture)
    return opaque if opaque.size == size else opaque.resize(size, Image.Resampling.LANCZOS)


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, _PAPER)
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper
