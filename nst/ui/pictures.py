"""Where pages find pictures, and small versions of them."""

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from PIL import Image

from nst import images, samples
from nst.domain import PRESET_SIZES, Job, StyleRef
from nst.images import STORED, Format, Limits
from nst.service import Service
from nst.settings import Settings
from nst.styles import StyleEntry
from nst.ui.owner import Owner

KINDS = ("before", "after", "small-before", "small-after")
SMALL = ("small-before", "small-after")
_SMALL_SIDE, _STYLE_SIDE, _QUALITY = 560, 320, 82
CRISP = 1.5  # times its own pixels; beyond that it looks blurred


def address(job_id: str, kind: str, version: str = "") -> str:
    """Where the server has a job's picture. `version` makes a picture that changes a new one."""
    return f"/pictures/{job_id}/{kind}" + (f"?v={version}" if version else "")


def source(service: Service, viewer: Owner, job: Job, kind: str) -> str:
    """What goes into `src`: the address, or the picture itself where the browser sends no cookie with which it might be fetched."""
    if viewer.is_kept or job.is_in_feed:
        return address(job.id, kind, f"{job.attempt}-{job.progress.fraction:.4f}" if kind == "preview" else "")
    data = (
        service.preview(job.id, viewer.token)
        if kind == "preview"
        else small(service, job.id, f"small-{kind.removeprefix('small-')}", viewer.token)
    )
    return in_page(data, Format.JPEG if kind == "preview" else Format.WEBP) if data else ""


def in_page(data: bytes, format: Format) -> str:
    return f"data:{format.media_type};base64,{b64encode(data).decode()}"


def sketch_format(data: bytes) -> Format:
    """Of a preview: a JPEG, or a PNG where the photo is transparent."""
    return Format.PNG if data.startswith(b"\x89PNG") else Format.JPEG


def small(service: Service, job_id: str, kind: str, viewer: str) -> bytes:
    """A small version of the photo or the painting.

    Raises:
        UnknownJob, WrongState, ObjectMissing: as the service does; it is asked each time.
    """
    service.get(job_id, viewer)
    with _lock:
        known = _known.get((job_id, kind))
    if known is None:
        data = service.result(job_id, viewer) if kind == "small-after" else service.photo(job_id, viewer)
        known = reduced(images.decode(data, STORED), _SMALL_SIDE)
        _remember((job_id, kind), known)
    return known


@dataclass(frozen=True)
class Shape:
    """What a picture's place on the page is made from, so that nothing jumps while it loads.

    Attributes:
        ratio: width over height.
        width: the most that it should be shown at, in pixels.
    """

    ratio: float
    width: int


def shape(service: Service, job: Job, viewer: str) -> Shape:
    """A job's place: of the photo's shape, and no wider than the painting looks good at."""
    ratio = _ratio(small(service, job.id, "small-before", viewer))
    long_side = CRISP * (job.params.size or PRESET_SIZES[job.params.preset])
    return Shape(ratio, round(long_side * min(1.0, ratio)))


def reduced(picture: Image.Image, side: int, format: Format = Format.WEBP) -> bytes:
    picture = picture.copy()
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return images.encode(picture, format, _QUALITY)


@lru_cache(maxsize=256)
def style_thumbnail(entry: StyleEntry) -> bytes:
    return reduced(images.read(entry.path, Limits.of(Settings())), _STYLE_SIDE)


def sample_thumbnail(name: str) -> bytes:
    return reduced(samples.load(name), _STYLE_SIDE)


def style_names(styles: tuple[StyleRef, ...], entries: tuple[StyleEntry, ...]) -> str:
    """Of a painting's styles, for people: "Starlit Swirl + a picture of one's own"."""
    titles = {entry.id: entry.title for entry in entries}
    return " + ".join(
        "A picture of one's own" if style.is_upload else titles.get(style.name, style.name) for style in styles if style.share
    )


@lru_cache(maxsize=512)
def _ratio(data: bytes) -> float:
    size = images.decode(data, STORED).size
    return size[0] / size[1]


_lock = Lock()
_known: dict[tuple[str, str], bytes] = {}
_ROOM = 512


def _remember(key: tuple[str, str], data: bytes) -> None:
    """Of a painting neither picture ever changes; the oldest go first."""
    with _lock:
        _known[key] = data
        while len(_known) > _ROOM:
            _known.pop(next(iter(_known)))
