"""The object that a few strokes or a rectangle mean, by geodesic distances over a map of colour likelihoods.

After Bai and Sapiro 2007, "A Geodesic Framework for Fast Interactive Image and Video Segmentation and Matting".
"""

import numpy as np
from numpy.typing import NDArray
from skimage.filters import gaussian
from skimage.graph import MCP_Geometric
from skimage.measure import label

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

# Rounds in which the colours of both sides are learnt again from what was found.
ROUNDS = 3
# Bins of each channel in the histograms of colours, which are smoothed by one bin.
BINS = 16
# Share of a colour that neither side has, in both histograms: it decides nothing then.
UNSEEN = 1e-5
# The cost of a pixel's way through one colour, relative to a border between a colour of one side and one of the other.
STEP = 0.002
# Likelihood from which the photo's border is taken for a part of the subject, where no stroke says what is not.
SUBJECT_AT_BORDER = 0.4
# Share of an area, and of those the surest ones, that are first taken for the subject.
FIRST, SURE = 0.3, 0.1
# Holes that are smaller than this share of the subject are closed.
HOLE = 0.02


def grown(lab: Array, within: Bits, without: Bits, area: Bits, border: Bits) -> Array:
    """How much each pixel (h, w) belongs to the subject, from 0 to 1.

    Args:
        lab: CIE L*a*b* (h, w, 3).
        within: marked as the subject. Without a mark, what differs from the outside of `area`, and is in its middle.
        without: marked as the rest. Without a mark, the border where its colours differ from the subject's.
        area: contains the subject; false everywhere where that is not known.
        border: the photo's border.
    """
    colours = _bins(lab)
    if area.any():
        without = without | (~area & ~within)
    inner, rest = within, without if without.any() else border & ~within
    if not within.any():
        inner, within = _centre(colours, area, rest)
    belongs = np.zeros(lab.shape[:2])
    for _ in range(ROUNDS):
        likelihood: Array = gaussian(_likelihood(colours, inner, rest), 1.0)
        belongs = _divided(likelihood, within, without if without.any() else _outside(likelihood, border & ~within))
        inner, rest = (belongs > 0.6) | within, (belongs < 0.4) | without
    smooth: Array = gaussian(_closed(belongs), 0.7)
    return np.where(without, 0.0, np.clip((smooth - 0.5) * 3 + 0.5, 0, 1))


def _bins(lab: Array) -> tuple[NDArray[np.intp], ...]:
    """The bin of each pixel's colour in each channel: three arrays (h, w)."""
    unit = (lab + np.array([0.0, 64, 64])) / np.array([100.0, 128, 128])
    return tuple(np.moveaxis(np.clip(unit * BINS, 0, BINS - 1).astype(np.intp), -1, 0))


def _likelihood(colours: tuple[NDArray[np.intp], ...], inside: Bits, outside: Bits) -> Array:
    """The probability (h, w) that a colour is of the inside, by its frequency on both sides."""
    frequencies = []
    for side in (inside, outside):
        counts = np.zeros((BINS, BINS, BINS))
        np.add.at(counts, tuple(channel[side] for channel in colours), 1.0)
        counts = gaussian(counts, 1.0, mode="constant")
        frequencies.append((counts / max(counts.sum(), 1e-9))[colours] + UNSEEN)
    likelihood: Array = frequencies[0] / (frequencies[0] + frequencies[1])
    return likelihood


def _centre(colours: tuple[NDArray[np.intp], ...], area: Bits, rest: Bits) -> tuple[Bits, Bits]:
    """What in an area (h, w) is likely the subject, and what is so most of all: other colours than the rest's, in the middle."""
    rows, columns = ((at - at[area].mean()) / (at[area].std() + 1) for at in np.mgrid[: area.shape[0], : area.shape[1]])
    salience = _likelihood(colours, area, rest) * np.exp(-0.5 * (rows**2 + columns**2))
    first, sure = (area & (salience >= np.quantile(salience[area], 1 - share)) for share in (FIRST, SURE))
    return first, sure


def _outside(likelihood: Array, border: Bits) -> Bits:
    """What of the border (h, w) is not the subject, which may reach it; without any, what is least likely the subject."""
    outside = border & (likelihood < SUBJECT_AT_BORDER)
    return outside if outside.any() else likelihood <= np.quantile(likelihood, 0.05)


def _divided(likelihood: Array, within: Bits, without: Bits) -> Array:
    """The weight (h, w) of the way to `within` against that to `without`. Ways across borders of the likelihood are long."""
    cost = np.hypot(*np.gradient(likelihood)) + STEP
    near, far = (_distance(cost, seeds) + 1e-3 for seeds in (within, without & ~within))
    inner, outer = likelihood / near, (1 - likelihood) / far
    divided: Array = inner / (inner + outer)
    return np.where(within, 1.0, divided)


def _distance(cost: Array, seeds: Bits) -> Array:
    """The cost (h, w) of the cheapest way to a seed."""
    if not seeds.any():
        return np.full(cost.shape, np.inf)
    distance: Array = MCP_Geometric(cost).find_costs(np.argwhere(seeds))[0]
    return distance


def _closed(belongs: Array) -> Array:
    """The same without small holes."""
    holes = label(belongs < 0.5, connectivity=1)
    sizes = np.bincount(holes.ravel())
    small = sizes < HOLE * (belongs >= 0.5).sum()
    small[0] = False  # the subject itself
    return np.where(small[holes], 1.0, belongs)
