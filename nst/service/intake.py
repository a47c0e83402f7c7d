"""From a visitor's bytes to stored pictures and a job: everything is decoded, checked and encoded anew, and keeps no name of his."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from nst import images
from nst.domain import Job, StyleParams, StyleRef, new_id, object_key, style_key
from nst.errors import InvalidParams
from nst.images import Format, Limits
from nst.store.ports import ObjectStore
from nst.styles import Catalogue

MAX_STYLES = 4
MAX_SIDE = 4096  # what the largest preset takes; a larger photo would fill the disk and change nothing
_OPAQUE = ((Format.JPEG, 95), (Format.JPEG, 85), (Format.JPEG, 75))  # format and quality, the best first
_TRANSPARENT = ((Format.PNG, 100), (Format.WEBP, 95), (Format.WEBP, 80))


@dataclass(frozen=True)
class StyleChoice:
    """A style as a visitor chose it: the id of one on offer, or a picture file's bytes; and its share in the blend."""

    source: str | bytes
    share: float = 1.0


@dataclass(frozen=True)
class Order:
    """What a visitor asks for.

    Attributes:
        photo: a picture file's bytes.
        token: made anew by each form, so that a form that is sent twice is one job.
        public: show the painting, and the photo beside it, in the gallery.
        job_id: what the painting is to be called, if a program has chosen that: see `is_job_id`.
    """

    photo: bytes
    styles: Sequence[StyleChoice]
    token: str
    params: StyleParams = field(default_factory=StyleParams)
    public: bool = False
    job_id: str | None = None


@dataclass(frozen=True)
class Intake:
    """A job that is ready to be submitted, and its pictures by key, which have to be stored before."""

    job: Job
    pictures: dict[str, bytes]

    def store(self, objects: ObjectStore) -> None:
        for key, data in self.pictures.items():
            objects.put(key, data)


def take_in(order: Order, owner: str, catalogue: Catalogue, limits: Limits, max_attempts: int, now: float) -> Intake:
    """
    Raises:
        InvalidImage: when the photo or a style is no picture that is taken.
        UnknownStyle: when there is no such style.
        InvalidParams: when there are no styles, too many, or shares that make no sense.
    """
    _check_styles(order.styles)
    for choice in order.styles:  # before anything costly is done
        if isinstance(choice.source, str):
            catalogue.get(choice.source)
    job_id = order.job_id or new_id()
    picture = images.decode(order.photo, limits)
    suffix, photo = _encoded(picture, _TRANSPARENT if picture.has_transparency_data else _OPAQUE, limits.max_bytes)
    input_key = object_key(job_id, "input", suffix, public=order.public)
    pictures, styles = {input_key: photo}, []
    for number, choice in enumerate(order.styles):
        name = choice.source
        if isinstance(name, bytes):
            picture, name = images.decode(name, limits), style_key(job_id, number)
            _, pictures[name] = _encoded(picture, _OPAQUE, limits.max_bytes)
        styles.append(StyleRef(name, choice.share))
    size = sum(map(len, pictures.values()))
    job = Job(job_id, owner, order.token, order.params, tuple(styles), order.public, input_key, now, size, max_attempts)
    return Intake(job, pictures)


def _check_styles(choices: Sequence[StyleChoice]) -> None:
    if not 1 <= len(choices) <= MAX_STYLES:
        raise InvalidParams(f"Choose from one to {MAX_STYLES} styles.")
    # Not `share < 0`: nan is no share either.
    if not all(0 <= choice.share <= 1000 for choice in choices) or not any(choice.share > 0 for choice in choices):
        raise InvalidParams("Shares must be numbers from 0 to 1000, and not all of them 0.")


def _encoded(picture: Image.Image, ways: Sequence[tuple[Format, int]], most: int) -> tuple[str, bytes]:
    """A file's ending and its bytes: in the first way that takes no more of them than a site lets in, or else in the last."""
    picture = _shrunk(picture)
    for format, quality in ways:
        data = images.encode(picture, format, quality)
        if len(data) <= most:
            break
    return format.suffix, data


def _shrunk(picture: Image.Image) -> Image.Image:
    if max(picture.size) > MAX_SIDE:
        picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return picture
