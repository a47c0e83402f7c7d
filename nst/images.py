"""The only door for bytes: whatever becomes a picture, and whatever leaves as one, passes here.

It knows formats, limits, orientation, colour profiles and transparency, and nothing of styles, jobs or paths of ours: its sentences
name no file, so that they can be shown to anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import PurePath

from PIL import Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nst.errors import FileUnreadable, NotAPicture, PasticheError, PictureTooLarge, PictureTooSmall, TruncatedPicture
from nst.headers import Lean, lean_jpeg, lean_png, orientation
from nst.settings import Settings


class Format(StrEnum):
    """A format that is read and written."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is Format.JPEG else f".{self}"

    @property
    def media_type(self) -> str:
        return f"image/{self}"


SUFFIXES = {".jpg": Format.JPEG, ".jpeg": Format.JPEG, ".png": Format.PNG, ".webp": Format.WEBP}


@dataclass(frozen=True)
class Limits:
    """What is let in.

    Attributes:
        max_bytes: of the file.
        max_pixels: width times height, looked at before anything is decoded.
        min_side: the shortest side in pixels.
        max_aspect: the long side over the short one; a thread of 100,000 x 40 pixels passes every other limit and cannot be painted.
    """

    max_bytes: int
    max_pixels: int
    min_side: int
    max_aspect: float = 20.0

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(settings.max_bytes, settings.max_pixels, settings.min_side)


STORED = Limits(max_bytes=10**9, max_pixels=10**8, min_side=1, max_aspect=float("inf"))
"""For what has passed this door before: encoded anew, a picture may have more bytes than it came with, or than a site lets in."""


def format_of(path: PurePath) -> Format | None:
    """The format that a file's name promises, if it is one of ours."""
    return SUFFIXES.get(path.suffix.lower())


def read(path: Traversable, limits: Limits) -> Image.Image:
    """The picture in a file, as `decode` gives it. No more of the file is read than the limit allows.

    Raises:
        FileUnreadable: when it is missing, is no file, or may not be read.
        InvalidImage: as `decode`.
    """
    try:
        if not path.is_file():  # asked first, for opening a pipe would wait for its other end
            raise FileUnreadable("There is no such file. Check its name and folder.")
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise FileUnreadable("The file cannot be read. Check that you may read it.") from error
    return decode(data, limits)


def decode(data: bytes, limits: Limits) -> Image.Image:
    """A picture from a file's bytes: upright, in sRGB, first frame, without any metadata.

    Returns:
        RGB, or RGBA where something is transparent.

    Raises:
        NotAPicture: when the bytes are no JPEG, PNG or WebP, whatever the file's name says.
        TruncatedPicture: when they begin as one and then break off or make no sense.
        PictureTooLarge: too many bytes or pixels.
        PictureTooSmall: a side below the limit, or far too short for the other one.
    """
    _check_bytes(data, limits)
    with _damage_reported():
        opened, exif = _open(data)
        _check_size(opened.size, limits)
        opened.load()
        return _bare(_upright(_in_srgb(opened), orientation(exif)))


def encode(picture: Image.Image, format: Format, quality: int = 92) -> bytes:
    """A file's bytes, with pixels and nothing else in them.

    Args:
        picture: in any mode; where the format knows no transparency (JPEG), it is laid on white.
        quality: from 1 to 100, for JPEG and WebP.
    """
    bare = _bare(picture.convert("RGBA" if picture.has_transparency_data else "RGB"))
    buffer = BytesIO()
    match format:
        case Format.JPEG:
            # Colour at full resolution: half of it is saved elsewhere, and shows at the edges of saturated strokes. Without `optimize`,
            # which needs the whole file in one buffer and fails where Pillow guesses its size too small, as it does for noise.
            _on_white(bare).save(buffer, "JPEG", quality=quality, subsampling=0)
        case Format.PNG:
            bare.save(buffer, "PNG")
        case Format.WEBP:
            bare.save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def _check_bytes(data: bytes, limits: Limits) -> None:
    if not data:
        raise NotAPicture("The file is empty. Choose a JPEG, PNG or WebP picture.")
    if len(data) > limits.max_bytes:
        raise PictureTooLarge(f"The file is larger than {limits.max_bytes / 1e6:g} MB. Save the picture smaller and try again.")


@contextmanager
def _damage_reported() -> Iterator[None]:
    try:
        yield
    except PasticheError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PictureTooLarge("The picture has far too many pixels. Make it smaller and try again.") from error
    except Exception as error:  # decoders fed with arbitrary bytes raise about every kind there is
        raise TruncatedPicture("The picture is damaged, or breaks off before its end. Copy or export it again and retry.") from error


def _open(data: bytes) -> tuple[ImageFile.ImageFile, bytes]:
    """The header, decoded, and EXIF, which is not.

    The readers are called directly: `Image.open` would look at `Image.MAX_IMAGE_PIXELS`, which is one for all threads, and warn where
    we refuse; and it would make multi-picture files of some cameras' JPEGs.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _opened(JpegImageFile, lean_jpeg(data))
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _opened(PngImageFile, lean_png(data))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        opened = WebPImageFile(BytesIO(data))
        return opened, opened.info.get("exif", b"")
    raise NotAPicture("This is not a JPEG, PNG or WebP picture. Save it in one of these formats and try again.")


def _opened(reader: type[ImageFile.ImageFile], lean: Lean) -> tuple[ImageFile.ImageFile, bytes]:
    return reader(BytesIO(lean.data)), lean.exif


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    measures = f"The picture measures {size[0]} x {size[1]} pixels"
    if size[0] * size[1] > limits.max_pixels:
        raise PictureTooLarge(f"{measures}; at most {limits.max_pixels / 1e6:g} million are taken. Make it smaller and try again.")
    if min(size) < limits.min_side:
        raise PictureTooSmall(f"{measures}; each side needs at least {limits.min_side}. Choose a larger picture.")
    if max(size) > limits.max_aspect * min(size):
        raise PictureTooSmall(f"{measures}; its long side may be at most {limits.max_aspect:g} times the short one. Crop it and try again.")


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(picture: Image.Image, held: int | None) -> Image.Image:
    turn = _TURNS.get(held or 0)
    return picture if turn is None else picture.transpose(turn)


def _in_srgb(opened: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent, from any mode that the formats have."""
    profile = opened.info.get("icc_profile")
    picture = _eight_bit(opened)
    if not picture.has_transparency_data:
        return _through_profile(picture, profile)
    rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    alpha = rgba.getchannel("A")
    colours = _through_profile(rgba.convert("RGB"), profile)
    if alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _eight_bit(picture: Image.Image) -> Image.Image:
    """16-bit greys scaled to 8 bits, since `convert` would clip them; 16-bit colours are scaled where they are read."""
    if not picture.mode.startswith("I"):
        return picture
    grey = picture.point(lambda value: value / 256, "L")
    grey.info.pop("transparency", None)  # a level out of 65,536, which 8 bits do not tell from its neighbours
    return grey


def _through_profile(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB. A profile that is broken, or made for another kind of picture, is passed over."""
    colours = picture if picture.mode in ("L", "CMYK") else picture.convert("RGB")
    if profile:
        try:
            converted = ImageCms.profileToProfile(colours, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB")
        except ImageCms.PyCMSError:
            converted = None
        if converted is not None:
            return converted
    return colours.convert("RGB")


def _bare(picture: Image.Image) -> Image.Image:
    """The pixels alone: a copy would take comments, EXIF and profiles along, and saving would write them."""
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground
