"""Submissions: uploaded bytes become pictures to store and a job. Everything is decoded, checked and encoded again; names are dropped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath

from nst import images
from nst.domain import (
    MAX_REGIONS,
    MAX_STYLE_MASKS,
    PRESET_SIZES,
    Job,
    RegionRef,
    StyleParams,
    StyleRef,
    StyleShare,
    check_earlier_shape,
    check_is_larger,
    is_automatic,
    larger_params,
    mask_key,
    new_id,
    object_key,
    style_key,
)
from nst.domain.keys import earlier_key
from nst.domain.regions import NAMES
from nst.errors import InvalidImage, InvalidParams
from nst.images import Format, Limits
from nst.service.access import painting_key
from nst.store.ports import ObjectStore
from nst.styles import Catalogue

MAX_STYLES = 4  # of a painting, and of each of its regions
MAX_UPLOADED_STYLES = 12  # in all of them: each is decoded
MAX_STYLE_MASK_SIDE = 2048  # pixels
MAX_SIDE = 4096  # pixels; the largest preset takes no more, so a larger photo would only fill the disk
_MOST_BYTES = 20_000_000  # of a stored picture; a lower quality or a lossy format is used where it would take more
_OPAQUE = ((Format.JPEG, 95), (Format.JPEG, 85), (Format.JPEG, 75))  # format and quality, the best first
_TRANSPARENT = ((Format.PNG, 100), (Format.WEBP, 95), (Format.WEBP, 80))


@dataclass(frozen=True)
class StyleChoice(StyleShare[str | bytes]):
    """A style as a visitor chose it: the id of one on offer, or the bytes of a picture file; and its share in the blend.

    Attributes:
        digest: SHA-256 of the style's picture, if it must be that one; None for whichever picture has the id now.
        part: of a region's style, the part of its picture that is used: the bytes of a picture file that is white there, of any shape; or a
            name that `nst.domain.is_automatic` knows, which is found in the style picture. None for the whole picture.
    """

    digest: str | None = None
    part: bytes | str | None = None


@dataclass(frozen=True)
class RegionChoice:
    """A region as a visitor chose it. Later regions cover earlier ones.

    Attributes:
        mask: the bytes of a picture file that is white inside, in the photo's shape; or a name that `nst.domain.is_automatic` knows.
        styles: none to keep the photo there.
        strength: None for the painting's.
    """

    mask: bytes | str
    styles: Sequence[StyleChoice] = ()
    strength: float | None = None


@dataclass(frozen=True)
class EarlierPainting:
    """A finished painting that is enlarged.

    Attributes:
        job_id: of its job.
        picture: its file as it is stored.
        suffix: of that file, such as ".png".
    """

    job_id: str
    picture: bytes
    suffix: str


@dataclass(frozen=True)
class Order:
    """What a visitor asks for.

    Attributes:
        photo: the bytes of a picture file.
        token: the idempotency key, made by each form, so that a form that is sent twice is one job.
        public: whether to show the painting, and the photo beside it, in the gallery.
        job_id: the id of the job, if a program has chosen one: see `nst.domain.is_job_id`.
        regions: parts of the painting with other styles, or kept as the photo.
        earlier: a painting of the same photo in the same styles, which is enlarged to the size in `params`.
        in_folder: whether the photo is one of several that are submitted together.
    """

    photo: bytes
    styles: Sequence[StyleChoice]
    token: str
    params: StyleParams = field(default_factory=StyleParams)
    public: bool = False
    job_id: str | None = None
    regions: Sequence[RegionChoice] = ()
    earlier: EarlierPainting | None = None
    in_folder: bool = False

    @property
    def all_styles(self) -> list[StyleChoice]:
        """The painting's, and then those of its regions."""
        return [*self.styles, *(style for region in self.regions for style in region.styles)]


@dataclass(frozen=True)
class LargerOrder:
    """What the owner of a finished painting asks for.

    Attributes:
        size: the long side in pixels.
        public, token, job_id: as of `Order`.
        owner: of the new job, where that is not the painting's: programs without a key have one for each job.
    """

    size: int
    public: bool = False
    token: str | None = None
    job_id: str | None = None
    owner: str | None = None


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
        InvalidImage: when the photo, a style or a mask is not an acceptable picture.
        UnknownStyle: when there is no such style.
        StyleChanged: when its picture does not have the digest asked for.
        InvalidParams: when there are no styles, too many, or invalid shares; or a region is not valid.
    """
    _check_choices(order)
    offered = [_offered(choice, catalogue) for choice in order.all_styles]  # before decoding
    job_id = order.job_id or new_id()
    suffix, photo = _reencoded(order.photo, limits, _TRANSPARENT)
    input_key = object_key(job_id, "input", suffix, public=order.public)
    width, height = images.size_of(photo)
    masks = {**_masks(order, job_id, limits, (width, height)), **_style_masks(order, job_id, limits)}
    earlier = _earlier(order, job_id, (width, height))
    pictures = {input_key: photo, **_uploaded_styles(order, job_id, limits), **masks, **earlier}
    styles = iter(_style_refs(order, job_id, offered))
    own = tuple(islice(styles, len(order.styles)))
    regions = tuple(_regions(order, job_id, styles))
    size = sum(map(len, pictures.values()))
    job = Job(job_id, owner, order.token, order.params, own, order.public, input_key, now, size, max_attempts)
    parent, earlier_key = order.earlier.job_id if order.earlier else None, next(iter(earlier), None)
    job = replace(job, width=width, height=height, regions=regions, parent=parent, earlier_key=earlier_key, in_folder=order.in_folder)
    return Submission(job, pictures)


def order_like(job: Job, objects: ObjectStore) -> Order:
    """The order that a job was made from, with the pictures as they were stored.

    Raises:
        ObjectMissing: when a picture is gone.
    """

    def mask(key: str) -> bytes | str:
        return key if is_automatic(key) else objects.get(key)

    def choice(style: StyleRef) -> StyleChoice:
        picture = objects.get(style.name) if style.is_upload else style.name
        return StyleChoice(picture, style.share, style.digest, mask(style.part) if style.part else None)

    def choices(styles: Iterable[StyleRef]) -> list[StyleChoice]:
        return list(map(choice, styles))

    regions = [RegionChoice(mask(each.mask_key), choices(each.styles), each.strength) for each in job.regions]
    earlier = _stored_painting(job.parent or "", job.earlier_key, objects) if job.earlier_key else None
    photo, in_folder = objects.get(job.input_key), job.in_folder
    return Order(photo, choices(job.styles), new_id(), job.params, job.public, regions=regions, earlier=earlier, in_folder=in_folder)


def larger_order(job: Job, objects: ObjectStore, wanted: LargerOrder) -> Order:
    """The order for a larger version of a job's painting.

    Raises:
        WrongState: when there is no painting yet.
        InvalidParams: when the size is out of range.
        ObjectMissing: when a picture is gone.
    """
    earlier = _stored_painting(job.id, painting_key(job), objects)
    params, token = larger_params(job.params, wanted.size), wanted.token or f"larger-{job.id}-{wanted.size}"
    order = replace(order_like(job, objects), params=params, token=token)
    return replace(order, earlier=earlier, public=wanted.public, job_id=wanted.job_id, in_folder=False)


def _stored_painting(job_id: str, key: str, objects: ObjectStore) -> EarlierPainting:
    return EarlierPainting(job_id, objects.get(key), PurePosixPath(key).suffix)


def _earlier(order: Order, job_id: str, photo_size: tuple[int, int]) -> dict[str, bytes]:
    """The painting that is enlarged, to be stored, by key; empty without one.

    Raises:
        InvalidParams: when it does not have the photo's shape, or is as large as what is asked for.
    """
    if order.earlier is None:
        return {}
    size = images.size_of(order.earlier.picture)
    check_earlier_shape(size, photo_size)
    check_is_larger(order.params.size or PRESET_SIZES[order.params.preset], size)
    return {earlier_key(job_id, order.earlier.suffix): order.earlier.picture}


def _check_choices(order: Order) -> None:
    if not order.styles:
        raise InvalidParams(f"Choose from one to {MAX_STYLES} styles.")
    _check_styles(order.styles, "A painting")
    if len(order.regions) > MAX_REGIONS:
        raise InvalidParams(f"A painting may have at most {MAX_REGIONS} regions; these are {len(order.regions)}.")
    for number, region in enumerate(order.regions, start=1):
        _check_styles(region.styles, f"Region {number}")
        if region.strength is not None:
            replace(order.params, strength=region.strength)  # checks it
        for mask in (region.mask, *(style.part for style in region.styles)):
            if isinstance(mask, str) and not is_automatic(mask):
                raise InvalidParams(f"There is no region called {mask[:50]!r}. Send a mask, or one of these names: {NAMES}.")
    if len({choice.style for choice in order.all_styles if isinstance(choice.style, bytes)}) > MAX_UPLOADED_STYLES:
        raise InvalidParams(f"At most {MAX_UPLOADED_STYLES} pictures of your own can be styles of one painting. Use fewer.")
    if len(_style_mask_keys(order, "")) > MAX_STYLE_MASKS:
        raise InvalidParams(f"At most {MAX_STYLE_MASKS} masks of parts of styles can be used in one painting. Use fewer.")
    if any(choice.part is not None for choice in order.styles):
        raise InvalidParams("Only the style of a region can be a part of its picture. Make a region of the whole photo.")


def _check_styles(choices: Sequence[StyleChoice], what: str) -> None:
    if len(choices) > MAX_STYLES:
        raise InvalidParams(f"{what} can have at most {MAX_STYLES} styles; these are {len(choices)}.")
    if any(choice.share > 1000 for choice in choices) or (choices and not any(choice.share > 0 for choice in choices)):
        raise InvalidParams("Shares must be numbers from 0 to 1000, and not all of them 0.")


def _offered(choice: StyleChoice, catalogue: Catalogue) -> StyleRef | None:
    """The style of the catalogue; None for an uploaded picture."""
    if isinstance(choice.style, bytes):
        return None
    entry = catalogue.get(choice.style, choice.digest)
    return StyleRef(entry.id, choice.share, entry.digest)


def _uploaded_styles(order: Order, job_id: str, limits: Limits) -> dict[str, bytes]:
    """The style pictures to store, by key."""
    return {key: _reencoded(data, limits, _OPAQUE)[1] for data, key in _upload_keys(order, job_id).items() if isinstance(data, bytes)}


def _upload_keys(order: Order, job_id: str) -> dict[str | bytes, str]:
    """The key of each uploaded style picture, by its bytes: one that is used in several places is stored once.

    The places are numbered through, the regions' after the painting's.
    """
    keys: dict[str | bytes, str] = {}
    for number, each in enumerate(order.all_styles):
        if isinstance(each.style, bytes):
            keys.setdefault(each.style, style_key(job_id, number))
    return keys


def _masks(order: Order, job_id: str, limits: Limits, photo_size: tuple[int, int]) -> dict[str, bytes]:
    """The masks to store, by key."""
    masks = {}
    for number, region in enumerate(order.regions):
        if isinstance(region.mask, bytes):
            try:
                masks[mask_key(job_id, number)] = images.transcode_mask(region.mask, limits, photo_size)
            except (InvalidImage, InvalidParams) as error:
                raise type(error)(f"The mask of region {number + 1} cannot be used. {error}") from error
    return masks


def _style_mask_keys(order: Order, job_id: str) -> dict[bytes, str]:
    """The key of each mask of a part of a style, by its bytes: one that is used in several places is stored once."""
    masks = dict.fromkeys(style.part for style in order.all_styles if isinstance(style.part, bytes))
    return {mask: mask_key(job_id, MAX_REGIONS + number) for number, mask in enumerate(masks)}


def _style_masks(order: Order, job_id: str, limits: Limits) -> dict[str, bytes]:
    """The masks of parts of styles to store, by key."""
    masks = {}
    for data, key in _style_mask_keys(order, job_id).items():
        try:
            masks[key] = images.transcode_style_mask(data, limits, MAX_STYLE_MASK_SIDE)
        except (InvalidImage, InvalidParams) as error:
            numbers = (number for number, region in enumerate(order.regions, start=1) if data in [style.part for style in region.styles])
            raise type(error)(f"The mask of a style of region {next(numbers)} cannot be used. {error}") from error
    return masks


def _style_refs(order: Order, job_id: str, offered: Sequence[StyleRef | None]) -> list[StyleRef]:
    """The styles of the painting and its regions.

    Args:
        offered: those of the catalogue; None for uploaded pictures.
    """
    uploads, masks = _upload_keys(order, job_id), _style_mask_keys(order, job_id)
    return [
        replace(
            ref or StyleRef(uploads[choice.style], choice.share),
            part=masks[choice.part] if isinstance(choice.part, bytes) else choice.part,
        )
        for ref, choice in zip(offered, order.all_styles, strict=True)
    ]


def _regions(order: Order, job_id: str, styles: Iterator[StyleRef]) -> Iterator[RegionRef]:
    """
    Args:
        styles: of the regions, one after the other.
    """
    for number, region in enumerate(order.regions):
        mask = region.mask if isinstance(region.mask, str) else mask_key(job_id, number)
        yield RegionRef(mask, tuple(islice(styles, len(region.styles))), region.strength)


def _reencoded(data: bytes, limits: Limits, transparent: Sequence[tuple[Format, int]]) -> tuple[str, bytes]:
    """Extension and bytes of the picture, encoded in the first format and quality that fits the limit, or else in the last."""
    most = min(limits.max_bytes, _MOST_BYTES)
    format, encoded = images.transcode(data, limits, _OPAQUE, transparent=transparent, max_side=MAX_SIDE, max_bytes=most)
    return format.suffix, encoded
