"""Masks: grey pictures that are white inside of a region. They come from painting programs in many forms."""

from PIL import Image, ImageChops

_VISIBLE = 64  # alpha from which on a pixel's colour counts: edges and hidden pixels may have any
_PLAIN = 8  # the greatest difference between levels of a plain colour


def mask_of(picture: Image.Image) -> Image.Image:
    """The mask that a picture means: its luminance; or its alpha, where it is one plain colour on nothing; else both multiplied.

    Args:
        picture: RGB or RGBA, as `nst.images.decode` returns it, or in another mode.

    Returns:
        8-bit grey.
    """
    if not picture.has_transparency_data:
        return picture.convert("L")
    picture = picture.convert("RGBA")
    alpha = picture.getchannel("A")
    return alpha if _is_plain(picture, alpha) else ImageChops.multiply(picture.convert("RGB").convert("L"), alpha)


def _is_plain(picture: Image.Image, alpha: Image.Image) -> bool:
    visible = alpha.point([255 * (level >= _VISIBLE) for level in range(256)])
    if visible.getbbox() is None:
        return True
    histogram = picture.convert("RGB").histogram(visible)
    levels = [[level for level in range(256) if histogram[256 * band + level]] for band in range(3)]
    return all(band[-1] - band[0] <= _PLAIN for band in levels)
