"""Masks of regions that are found in a photo, or grown from a few strokes: proposals, to be corrected by hand.

Import it only where a mask is needed: its libraries take a while to load.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from skimage.color import rgb2lab
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import dilation, disk, erosion
from skimage.segmentation import random_walker

from nst.domain.regions import DEFAULT_TOLERANCE, NAMES, Rgb, colour_of
from nst.engine.stroke_growth import grown
from nst.engine.tensors import fit, opaque
from nst.errors import InvalidParams

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

# Long side in pixels at which regions are found: a mask's edge is soft anyway.
WORKING_SIDE = 256
# Long side at which places of a colour are found, which may be small.
COLOUR_SIDE = 512
# Long side at which faces are found, and the smallest face in pixels there.
FACE_SIDE, LEAST_FACE = 480, 28
# Width of a face, relative to the widest one, at least: much smaller ones are mostly errors.
LEAST_OF_WIDEST = 0.55
# A face's ellipse, relative to the square that is found between forehead and chin: with hair and chin.
FACE_WIDTH, FACE_HEIGHT = 1.25, 1.6
# Standard deviation of lightness (0 to 100) within five pixels: of plain parts at most, of textured ones at least.
PLAIN, TEXTURED = 3.5, 8.0
# Share of the width that a plain part has at the upper border, at least, to be taken for sky.
LEAST_SKY = 0.15
# Width of the margins that are taken for the background, relative to the short side.
MARGIN = 0.06
# How sharply the random walker stops at edges of colour (Grady 2006).
WALKER_BETA = 400.0


def propose(content: Image.Image, kind: str) -> Image.Image:
    """A mask (mode L, of the photo's size) of a kind of region; black where there is none.

    Args:
        kind: one of `nst.domain.regions.AUTOMATIC`, or a colour (see `nst.domain.regions.colour_of`).

    Raises:
        InvalidParams: for another kind.
    """
    if colour := colour_of(kind):
        return colour_region(content, *colour)
    if kind not in _FINDERS:
        raise InvalidParams(f"There is no automatic region called {kind!r}; there are {NAMES}.")
    photo = opaque(content)
    return _FINDERS[kind](photo).resize(content.size, Image.Resampling.BILINEAR)


def colour_region(photo: Image.Image, colour: Rgb, tolerance: float = DEFAULT_TOLERANCE) -> Image.Image:
    """A mask (mode L, of the photo's size) of all places whose colour is near a given one, with a soft edge.

    Args:
        colour: sRGB, from 0 to 255.
        tolerance: the distance in CIELAB (CIE 1976) at which the mask is half grey; white up to 3/4 of it, black from 5/4 on.

    Raises:
        InvalidParams: when the tolerance is not from 1 to 100.
    """
    if not 1 <= tolerance <= 100:
        raise InvalidParams(f"The tolerance of a colour must be a number from 1 to 100; it is {tolerance:g}.")
    lab = _lab(opaque(photo).filter(ImageFilter.GaussianBlur(max(photo.size) / COLOUR_SIDE)), COLOUR_SIDE)
    distance = np.linalg.norm(lab - rgb2lab(np.array(colour, dtype=np.uint8)[None, None]), axis=-1)
    return _picture(np.clip(2.5 - 2 * distance / tolerance, 0, 1)).resize(photo.size, Image.Resampling.BILINEAR)


def subject_from_strokes(
    content: Image.Image, inside: Image.Image | None, outside: Image.Image | None, around: Image.Image | None = None
) -> Image.Image:
    """A mask (mode L, of the photo's size) of what strokes mean; see `nst.engine.stroke_growth`. Black without any stroke.

    All strokes are grey pictures in the photo's shape, of any size.

    Args:
        inside: white where the subject was marked. Without a mark, what differs from the colours outside `around` is the subject.
        outside: white where the rest was marked. Without a mark, the photo's border counts as one.
        around: white in a rectangle or another area that contains the subject. What is outside it is the rest.
    """
    lab = _lab(opaque(content))
    within, without, area = (_marked(stroke, lab) for stroke in (inside, outside, around))
    if not within.any() and not area.any():
        return Image.new("L", content.size)
    weights = grown(lab, within, without & ~within, area, _frame(lab, 0.02))
    return _picture(weights).resize(content.size, Image.Resampling.BILINEAR)


def _light(photo: Image.Image) -> Image.Image:
    """The lighter one of the two classes that divide the photo best (Otsu 1979), with a soft edge halfway between their means."""
    lightness = _lab(photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 300)))[..., 0]
    if np.ptp(lightness) < 1:
        return Image.new("L", photo.size)
    lighter = lightness > threshold_otsu(lightness)
    middle = (lightness[lighter].mean() + lightness[~lighter].mean()) / 2
    return _picture(np.clip((lightness - middle) / 10 + 0.5, 0, 1))


def _sky(photo: Image.Image) -> Image.Image:
    """What is plain and reaches the upper border, and what has its colours around it."""
    lab = _lab(photo)
    texture = _texture(lab[..., 0])
    parts = label(texture < PLAIN, connectivity=1)
    top, width = parts[:2].max(0), lab.shape[1]
    wide = [part for part in set(top.tolist()) - {0} if (top == part).mean() >= LEAST_SKY]
    sky = np.isin(parts, [part for part in wide if (parts[-1] == part).sum() < width / 3])
    if not sky.any():
        return Image.new("L", photo.size)
    inside = erosion(sky, disk(2)) | (sky & (np.arange(len(sky)) < 2)[:, None])
    ground = ((texture > TEXTURED) & ~dilation(sky, disk(4))) | ((np.arange(len(sky)) >= 0.95 * len(sky))[:, None] & ~sky)
    return _picture(_walk(lab, inside, ground))


def _faces(photo: Image.Image) -> Image.Image:
    """Ellipses over frontal faces, found by a cascade of local binary patterns (Liao et al. 2007)."""
    small = photo.resize(fit(photo, FACE_SIDE)[::-1], Image.Resampling.LANCZOS)
    found = Cascade(lbp_frontal_face_cascade_filename()).detect_multi_scale(
        np.asarray(small),
        scale_factor=1.15,
        step_ratio=1,
        min_neighbor_number=6,
        min_size=(LEAST_FACE, LEAST_FACE),
        max_size=small.size[::-1],
    )
    mask = Image.new("L", small.size)
    widest = max((face["width"] for face in found), default=0)
    for face in (face for face in found if face["width"] >= LEAST_OF_WIDEST * widest):
        across, down = face["c"] + face["width"] / 2, face["r"] + 0.45 * face["height"]
        half = FACE_WIDTH * face["width"] / 2, FACE_HEIGHT * face["height"] / 2
        ImageDraw.Draw(mask).ellipse((across - half[0], down - half[1], across + half[0], down + half[1]), fill=255)
    return mask


def _subject(photo: Image.Image) -> Image.Image:
    """What differs in its colours from the margins, and is in the middle: as if a rectangle had been drawn just inside the photo."""
    lab = _lab(photo)
    nothing = np.zeros(lab.shape[:2], dtype=bool)
    return _picture(grown(lab, nothing, nothing, ~_frame(lab, MARGIN), _frame(lab, 0.02)))


def _marked(stroke: Image.Image | None, lab: Array) -> Bits:
    """Where a reduced stroke is white (h, w)."""
    height, width = lab.shape[:2]
    if stroke is None:
        return np.zeros((height, width), dtype=bool)
    marked: Bits = np.asarray(stroke.convert("L").resize((width, height), Image.Resampling.BOX)) > 32
    return marked


def _inverted(find: Callable[[Image.Image], Image.Image]) -> Callable[[Image.Image], Image.Image]:
    return lambda photo: find(photo).point(range(255, -1, -1))


_FINDERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "sky": _sky,
    "faces": _faces,
    "subject": _subject,
    "background": _inverted(_subject),
    "light": _light,
    "dark": _inverted(_light),
}


def _lab(photo: Image.Image, side: int = WORKING_SIDE) -> Array:
    """CIE L*a*b* (h, w, 3) of a photo that is reduced to a long side of at most `side` pixels."""
    height, width = fit(photo, min(side, max(photo.size)))
    lab: Array = rgb2lab(np.asarray(photo.resize((width, height), Image.Resampling.LANCZOS)))
    return lab


def _texture(lightness: Array) -> Array:
    """Standard deviation of lightness (h, w) within five pixels."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(lightness, 2, mode="edge"), (5, 5))
    deviation: Array = windows.std((-2, -1))
    return deviation


def _frame(lab: Array, share: float) -> Bits:
    """The pixels (h, w) within a share of the short side from the border."""
    thickness = max(1, round(share * min(lab.shape[:2])))
    frame = np.ones(lab.shape[:2], dtype=bool)
    frame[thickness:-thickness, thickness:-thickness] = False
    return frame


def _walk(lab: Array, inside: Bits, outside: Bits) -> Array:
    """The probability (h, w) that a random walk from a pixel meets `inside` before `outside`."""
    if not inside.any() or not outside.any():
        return np.full(lab.shape[:2], float(inside.any()))
    labels = np.where(inside, 1, np.where(outside, 2, 0))
    walks = random_walker(lab / 100, labels, beta=WALKER_BETA, mode="cg_j", prob_tol=1, channel_axis=-1, return_full_prob=True)
    probability: Array = np.clip((walks[0] - 0.5) * 4 + 0.5, 0, 1)
    return probability


def _picture(weights: Array) -> Image.Image:
    return Image.fromarray((255 * weights).round().astype(np.uint8))
