"""Submissions: uploaded bytes become pictures to store and a job. Everything is decoded, checked and encoded again; names are dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nst import images
from nst.domain import Job, StyleParams, StyleRef, StyleShare, new_id, object_key, style_key
from nst.errors import InvalidParams
from nst.images import Format, Limits
from nst.store.ports import ObjectStore
from nst.styles import Catalogue

MAX_STYLES = 4
MAX_SIDE = 4096  # pixels; the largest preset takes no more, so a larger photo would only fill the disk
_MOST_BYTES = 20_000_000  # of a stored picture; a lower quality or a lossy format is used where it would take more
_OPAQUE = ((Format.JPEG, 95), (Format.JPEG, 85), (Format.JPEG, 75))  # format and quality, the best first
_TRANSPARENT = ((Format.PNG, 100), (Format.WEBP, 95), (Format.WEBP, 80))


@dataclass(frozen=True)
class StyleChoice(StyleShare[str | bytes]):
    """A style as a visitor chose it: the id of one on offer, or the bytes of a picture file; and its share in the blend.

    Attributes:
        digest: SHA-256 of the style's picture, if it must be that one; None for whichever picture has the id now.
    """

    digest: str | None = None


@dataclass(frozen=True)
class Order:
    """What a visitor asks for.

    Attributes:
        photo: the bytes of a picture file.
        token: the idempotency key, made by each form, so that a form that is sent twice is one job.
        public: whether to show the painting, and the photo beside it, in the gallery.
        job_id: the id of the job, if a program has chosen one: see `nst.domain.is_job_id`.
    """

    photo: bytes
    styles: Sequence[StyleChoice]
    token: str
    params: StyleParams = field(default_factory=StyleParams)
    public: bool = False
    job_id: str | None = None


@dataclass(frozen=True)
class Submission:
    """A job that is ready to be queued, and its pictures by key, which have to be stored first."""

    job: Job
    pictures: dict[str, bytes]

    def store(self, objects: ObjectStore) -> None:
        for key, data in self.pictures.items():
            objects.put(key, data)


def prepare(order: Order, owner: str, catalogue: Catalogue, limits: Limits, max_attempts: int, now: float) -> Submission:
    """
    Raises:
        InvalidImage: when the photo or a style is not an acceptable picture.
        UnknownStyle: when there is no such style.
        StyleChanged: when its picture does not have the digest asked for.
        InvalidParams: when there are no styles, too many, or invalid shares.
    """
    _check_styles(order.styles)
    offered = [catalogue.get(each.style, each.digest) if isinstance(each.style, str) else None for each in order.styles]  # before decoding
    job_id = order.job_id or new_id()
    suffix, photo = _reencoded(order.photo, limits, _TRANSPARENT)
    input_key = object_key(job_id, "input", suffix, public=order.public)
    pictures, styles = {input_key: photo}, []
    for number, (choice, entry) in enumerate(zip(order.styles, offered, strict=True)):
        if entry is not None:
            styles.append(StyleRef(entry.id, choice.share, entry.digest))
        elif isinstance(choice.style, bytes):
            key = style_key(job_id, number)
            _, pictures[key] = _reencoded(choice.style, limits, _OPAQUE)
            styles.append(StyleRef(key, choice.share))
    size = sum(map(len, pictures.values()))
    job = Job(job_id, owner, order.token, order.params, tuple(styles), order.public, input_key, now, size, max_attempts)
    width, height = images.size_of(photo)
    return Submission(replace(job, width=width, height=height), pictures)


def _check_styles(choices: Sequence[StyleChoice]) -> None:
    if not 1 <= len(choices) <= MAX_STYLES:
        raise InvalidParams(f"Choose from one to {MAX_STYLES} styles.")
    if any(choice.share > 1000 for choice in choices) or not any(choice.share > 0 for choice in choices):
        raise InvalidParams("Shares must be numbers from 0 to 1000, and not all of them 0.")


def _reencoded(data: bytes, limits: Limits, transparent: Sequence[tuple[Format, int]]) -> tuple[str, bytes]:
    """Extension and bytes of the picture, encoded in the first format and quality that fits the limit, or else in the last."""
    most = min(limits.max_bytes, _MOST_BYTES)
    format, encoded = images.transcode(data, limits, _OPAQUE, transparent=transparent, max_side=MAX_SIDE, max_bytes=most)
    return format.suffix, encoded
