"""Small versions of pictures, and the sizes that pictures are shown at."""

from functools import lru_cache

from PIL import Image, ImageOps

from nst import images, samples
from nst.domain import PRESET_SIZES, FeedEntry, Job
from nst.domain.keys import thumbnail_keys
from nst.images import STORED_LIMITS, Format
from nst.lru import LRUCache
from nst.service import PictureKind, Service
from nst.styles import StyleEntry
from nst.ui.components import MAX_UPSCALING, DisplaySize
from nst.ui.owner import Owner
from nst.ui.urls import data_url, picture_url

SMALL = {"small-before": Format.WEBP, "small-after": Format.WEBP, "card": Format.JPEG}
KINDS = ("before", "after", *SMALL)
OF_PHOTO = ("before", "small-before")
SERVICE_KINDS: dict[str, PictureKind] = {"before": "photo", "after": "result", "small-before": "photo", "small-after": "result"}
CARD_SIZE = 1200, 630  # pixels; the size that link previews ask for
_STYLE_SIDE = 300  # pixels of the long side
_EXAMPLE_SIDE = 640
_LEAST_SHOWN = 560  # CSS pixels of a painting's long side, where the window has room
_CARD_QUALITY = 70
_GAP = 6  # pixels between photo and painting
_WAYS = ((Format.WEBP, images.THUMBNAIL_QUALITY),)

_of_jobs: LRUCache[tuple[str, str], bytes] = LRUCache(512)  # by job id and kind; a job's photo and painting never change


def job_thumbnail(service: Service, job_id: str, kind: str, viewer: str) -> bytes:
    """A small version of a job's photo ("small-before") or painting ("small-after"), or the picture of its link previews ("card").

    Raises:
        UnknownJob, WrongState, ObjectMissing: as the service, which checks access each time.
    """
    job = service.get(job_id, viewer)

    def make() -> bytes:
        if kind == "card":
            return _card(*([service.photo(job_id, viewer)] if job.shows_photo else []), service.result(job_id, viewer))
        if (stored := service.thumbnail(job, SERVICE_KINDS[kind])) is not None:
            return stored
        data = service.result(job_id, viewer) if kind == "small-after" else service.photo(job_id, viewer)
        return images.transcode(data, STORED_LIMITS, _WAYS, max_side=images.THUMBNAIL_SIDE)[1]

    return _of_jobs.get_or_make((job_id, f"{kind}-{job.shows_photo}"), make)


def link(service: Service, job: Job, kind: str) -> str | None:
    """The picture's URL in the object store, for the viewer that the job was read for; None where the studio serves it itself."""
    return service.link(job, SERVICE_KINDS[kind], is_small=kind in SMALL) if kind in SERVICE_KINDS else None


def picture_src(service: Service, viewer: Owner, job: Job, kind: str) -> str:
    """The `src` of a job's picture: its URL, or the picture itself for a browser that sends no cookie to fetch it with."""
    if viewer.has_cookie or job.is_in_feed:
        return picture_url(job.id, kind, f"{job.attempt}-{job.progress.fraction:.4f}" if kind == "preview" else "")
    if kind == "preview":
        preview = service.preview(job.id, viewer.token)
        return data_url(preview, Format.JPEG) if preview else ""
    small = f"small-{kind.removeprefix('small-')}"
    return data_url(job_thumbnail(service, job.id, small, viewer.token), Format.WEBP)


def entry_src(service: Service, entry: FeedEntry, kind: str) -> str | None:
    """The `src` of a picture in the gallery: its URL at the CDN, or the studio's own. None for a photo that is not published."""
    key = entry.input_key if kind in OF_PHOTO else entry.output_key
    if key is None:
        return None
    if kind in SMALL:
        key = thumbnail_keys(key)[0] if entry.has_thumbnails else ""
    return service.public_url(key) or picture_url(entry.job_id, kind)


def display_size(service: Service, job: Job, viewer: str) -> DisplaySize:
    """The photo's aspect ratio, and a width at which the painting is not blurred much; drafts are shown larger than that."""
    ratio = job.width / job.height if job.width and job.height else _ratio(job_thumbnail(service, job.id, "small-before", viewer))
    long_side = max(_LEAST_SHOWN, MAX_UPSCALING * (job.params.size or PRESET_SIZES[job.params.preset]))
    return DisplaySize(ratio, round(long_side * min(1.0, ratio)))


@lru_cache(maxsize=256)
def style_thumbnail(service: Service, entry: StyleEntry) -> bytes:
    """
    Raises:
        UnknownStyle, StyleChanged: when the style's picture is gone, or was replaced.
    """
    return _encoded(service.style_picture(entry.id, entry.digest, max_side=_STYLE_SIDE))


@lru_cache
def sample_thumbnail(name: str, *, is_large: bool) -> bytes:
    """
    Args:
        is_large: whether it is as large as examples show it, instead of as a tile.

    Raises:
        InvalidParams, FileUnreadable: as `samples.load`.
    """
    return _encoded(samples.load(name, max_side=_EXAMPLE_SIDE if is_large else _STYLE_SIDE))


def _card(*files: bytes) -> bytes:
    """The pictures side by side, each cropped to its share of the card."""
    card, width = Image.new("RGB", CARD_SIZE, "white"), (CARD_SIZE[0] - _GAP * (len(files) - 1)) // len(files)
    for place, data in enumerate(files):
        picture = ImageOps.fit(images.decode(data, STORED_LIMITS), (width, CARD_SIZE[1]))
        card.paste(picture, (place * (width + _GAP), 0), picture if picture.mode == "RGBA" else None)
    return images.encode(card, Format.JPEG, _CARD_QUALITY)


def _encoded(picture: Image.Image) -> bytes:
    return images.encode(picture, Format.WEBP, images.THUMBNAIL_QUALITY)


@lru_cache(maxsize=512)
def _ratio(data: bytes) -> float:
    width, height = images.decode(data, STORED_LIMITS).size
    return width / height
