"""Normalises decoded pixels: RGB or RGBA, in sRGB, upright, no larger than needed. It knows nothing of files.

Works strip by strip, so that a large picture is not copied where it can be changed in place.
"""

import math
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

REDUCING_GAP = 2
"""A picture is first reduced by a whole factor (box filter) to at least this multiple of the size that is needed, then by Lanczos."""

_STRIP_PIXELS = 1 << 20
_LANCZOS_LOBES = 3  # source pixels on either side of the centre that the filter uses, divided by the scale
_TRANSPOSES = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # of Pillow's modes; 4 in all others
_EIGHT_BIT_MODES = {"1": "L", "L": "L", "I;16": "L", "CMYK": "CMYK", "RGBA": "RGBA", "LA": "RGBA", "PA": "RGBA"}  # RGB in all other modes

# Red, green and blue as XYZ, adapted to the white point of ICC profiles (D50), by the number of the primaries (ISO 23091-2).
_COLORANTS = {
    9: ((0.673459, 0.279033, -0.001932), (0.165661, 0.675338, 0.029981), (0.125100, 0.045629, 0.797133)),  # BT.2020
    12: ((0.515102, 0.241182, -0.001050), (0.291965, 0.692236, 0.041882), (0.157153, 0.066582, 0.784378)),  # Display P3
}
_PROFILE_DATE = slice(24, 36)  # in the header of an ICC profile (ICC.1:2022, 7.2)
_SRGB_LIKE_TRANSFERS = {1, 2, 6, 13, 14, 15}  # by ISO 23091-2; HDR would need tone mapping

Size = tuple[int, int]
Extent = tuple[float, float]
StripFunction = Callable[[Image.Image], Image.Image]


def normalise(picture: Image.Image, size: Size, orientation: int | None = None, extent: Extent | None = None) -> Image.Image:
    """The pixels without metadata, in RGB, or in RGBA if any is transparent.

    Args:
        picture: is consumed. There should be no other reference to it, which would keep its memory. `info` has its ICC profile.
        size: width and height of the result before it is turned, no larger than the picture's.
        orientation: EXIF orientation, 1 to 8.
        extent: width and height of the content in the picture's pixels, when the last row or column is only partly covered.
    """
    profile = picture.info.get("icc_profile")
    extent, factor = extent or picture.size, _reduce_factor(picture.size, size)
    picture = _to_eight_bit(picture, factor)
    picture = _resize(picture, size, (extent[0] / factor, extent[1] / factor))
    picture = _convert_to_srgb(picture, profile)
    picture = _drop_opaque_alpha(picture)
    turn = _TRANSPOSES.get(orientation or 1)
    return without_metadata(picture if turn is None else picture.transpose(turn))


def peak_bytes(mode: str, source: Size, size: Size, orientation: int | None, is_transparent: bool) -> int:
    """Memory that `normalise` uses at its peak, including the picture that it is given.

    Each step holds one picture and creates the next, unless it works in place. Strips are added. Measured on Linux with 25 megapixels, in
    bytes for each source pixel, at full size and reduced to 4,096 pixels: RGB 4.4 and 6.1, turned by 90 degrees 7.9 and 6.1, RGBA 4.5 and
    6.4, all opaque 8.5 and 6.4, L 5.3 and 2.6, P 5.3 and 5.9, LA 8.5 and 8.5, CMYK 8.2 and 6.0, I;16 4.8 and 3.2.
    """
    factor = _reduce_factor(source, size)
    plain = "RGBA" if is_transparent else _EIGHT_BIT_MODES.get(mode, "RGB")
    reduced = (-(-source[0] // factor), -(-source[1] // factor))
    steps = [(mode, source)]
    steps += [(plain, reduced)] if plain != mode or factor > 1 else []
    steps += [(plain, size)] if reduced != size else []
    steps += [("RGB", size)] if plain in ("L", "CMYK", "RGBA") else []
    steps += [("RGB", size)] if orientation in _TRANSPOSES else []
    pictures = [picture_bytes(*step) for step in steps]
    strip = 16 * min(_STRIP_PIXELS, source[0] * source[1])
    return strip + max(before + after for before, after in zip(pictures, [*pictures[1:], 0], strict=True))


def picture_bytes(mode: str, size: Size) -> int:
    """Memory that Pillow uses for a picture."""
    return _BYTES_PER_PIXEL.get(mode, 4) * size[0] * size[1]


@lru_cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB; always the same bytes, without the date at which it was made."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_PROFILE_DATE] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)


@lru_cache
def profile_of(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile for colours given by numbers (ISO 23091-2); None for sRGB's primaries, unknown ones, and HDR transfer functions."""
    colorants = _COLORANTS.get(primaries)
    if colorants is None or transfer not in _SRGB_LIKE_TRANSFERS:
        return None
    profile = bytearray(srgb_profile())
    for tag, colour in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True):
        entry = profile.index(tag, 128)
        offset = int.from_bytes(profile[entry + 4 : entry + 8])
        profile[offset + 8 : offset + 20] = struct.pack(">3i", *(round(65536 * value) for value in colour))
    return bytes(profile)


def strips(picture: Image.Image, step: int = 1) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (left, top, right, bottom) that cover a picture from the top. Heights are multiples of `step`, except the last."""
    height = max(1, _STRIP_PIXELS // picture.width // step) * step
    for top in range(0, picture.height, height):
        yield 0, top, picture.width, min(picture.height, top + height)


def without_metadata(picture: Image.Image) -> Image.Image:
    """The same pixels, not copied, without the comments, EXIF and profiles that saving would write."""
    picture.load()
    return Image.Image()._new(picture.im)


def _reduce_factor(source: Size, size: Size) -> int:
    return max(1, min(have // (REDUCING_GAP * want) for have, want in zip(source, size, strict=True)))


def _to_eight_bit(picture: Image.Image, factor: int) -> Image.Image:
    """Convert to L, RGB, RGBA or CMYK in eight bits, reduced by a whole factor."""
    # In eight bits, the one transparent level of 65,536 cannot be distinguished from its neighbours.
    is_transparent = picture.has_transparency_data and not picture.mode.startswith("I")
    mode = "RGBA" if is_transparent else _EIGHT_BIT_MODES.get(picture.mode, "RGB")
    return _map_strips(picture, mode, lambda strip: _scale_grey(strip).convert(mode), factor)


def _scale_grey(picture: Image.Image) -> Image.Image:
    """Scale 16-bit grey to 8 bits, which `convert` would clip. Decoders scale 16-bit colours themselves."""
    if not picture.mode.startswith("I"):
        return picture
    grey = picture.point(lambda value: value / 256, "L")
    grey.info.pop("transparency", None)
    return grey


def _map_strips(picture: Image.Image, mode: str, convert_strip: StripFunction, factor: int = 1) -> Image.Image:
    """Convert each strip and reduce it by a whole factor; in place where mode and size stay the same."""
    if factor == 1 and picture.mode == mode:
        target = picture
    else:
        target = Image.new(mode, (-(-picture.width // factor), -(-picture.height // factor)))
    for box in strips(picture, factor):
        strip = convert_strip(picture.crop(box))
        target.paste(strip.reduce(factor) if factor > 1 else strip, (0, box[1] // factor))
    return target


def _resize(picture: Image.Image, size: Size, extent: Extent) -> Image.Image:
    """Lanczos resampling. Each strip is computed from all rows that its filter reaches, so that the result equals that of one step."""
    if picture.size == size:
        return picture
    target, scale = Image.new(picture.mode, size), extent[1] / size[1]
    reach = math.ceil(_LANCZOS_LOBES * max(1.0, scale)) + 1
    height = max(1, int(_STRIP_PIXELS / picture.width / max(1.0, scale)))
    for top in range(0, size[1], height):
        bottom = min(size[1], top + height)
        first, last = max(0, int(top * scale) - reach), min(picture.height, math.ceil(bottom * scale) + reach)
        rows = picture.crop((0, first, picture.width, last))
        box = (0, top * scale - first, extent[0], min(bottom * scale, extent[1]) - first)
        target.paste(rows.resize((size[0], bottom - top), Image.Resampling.LANCZOS, box), (0, top))
    return target


def _convert_to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    convert_strip = _srgb_transform(picture.mode, profile)
    if convert_strip is not None:
        return _map_strips(picture, "RGBA" if picture.mode == "RGBA" else "RGB", convert_strip)
    return picture if picture.mode in ("RGB", "RGBA") else _map_strips(picture, "RGB", lambda strip: strip.convert("RGB"))


def _srgb_transform(mode: str, profile: bytes | None) -> StripFunction | None:
    """None without a profile, for that of sRGB itself, and for one that is broken or made for another colour space."""
    if not profile or profile == srgb_profile():
        return None
    try:
        source = "RGB" if mode == "RGBA" else mode
        transform = ImageCms.buildTransform(BytesIO(profile), ImageCms.createProfile("sRGB"), source, "RGB")
    except ImageCms.PyCMSError:
        return None

    def convert(strip: Image.Image) -> Image.Image:
        if strip.mode != "RGBA":
            return transform.apply(strip)
        colours = transform.apply(strip.convert("RGB"))
        colours.putalpha(strip.getchannel("A"))
        return colours

    return convert


def _drop_opaque_alpha(picture: Image.Image) -> Image.Image:
    """RGB when all pixels are opaque."""
    if picture.mode != "RGBA" or any(picture.crop(box).getchannel("A").getextrema() != (255, 255) for box in strips(picture)):
        return picture
    return _map_strips(picture, "RGB", lambda strip: strip.convert("RGB"))
