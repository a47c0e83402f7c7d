"""Brushes: a stroke is a bundle of bristles, each with its own colour, start, end and height of paint."""

from dataclasses import dataclass

import numpy as np

from training.styles.canvas import Painting
from training.styles.fields import normals
from training.styles.palettes import from_oklab, to_oklab


@dataclass(frozen=True)
class Brush:
    """How a brush lays its paint; widths in picture pixels, the rest from 0 to 1."""

    width: float = 14.0
    bristle: float = 1.7  # distance between bristles
    streak: float = 0.035  # how much the bristles differ in lightness
    ridge: float = 0.3  # how high the paint piles up at the stroke's sides
    rough: float = 0.18  # how much the bristles differ in height
    ragged: float = 0.12  # how unevenly they start and end
    round: float = 2.0  # shape of the ends: 1 a point, 2 round, 8 square
    smear: int = 1  # how many neighbouring bristles move as one: a knife smears, a brush does not
    alpha: float = 1.0


def paint(
    picture: Painting,
    spines: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    brush: Brush,
    rng: np.random.Generator,
    widths: np.ndarray | None = None,
) -> None:
    """Lay a stroke along each of the (n, k, 2) spines, loaded with one colour that turns into another across the brush."""
    widths = np.full(len(spines), brush.width) if widths is None else widths
    sides = normals(spines)
    ends = to_oklab(first), to_oklab(second)
    for i, spine in enumerate(spines):
        _stroke(picture, spine, sides[i], ends[0][i], ends[1][i], widths[i], brush, rng)


def _stroke(
    picture: Painting,
    spine: np.ndarray,
    side: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    width: float,
    brush: Brush,
    rng: np.random.Generator,
) -> None:
    count = max(3, round(width / brush.bristle))
    across = np.linspace(-1, 1, count)
    blend = np.clip(0.5 + 0.5 * across + _grain(count, 0.22, brush.smear, rng), 0, 1)[:, None]
    lab = first * (1 - blend) + second * blend
    lab[:, 0] += _grain(count, brush.streak, brush.smear, rng)
    rgb = from_oklab(lab)
    height = 0.42 + brush.ridge * np.abs(across) ** 3 + _grain(count, brush.rough, brush.smear, rng)
    order = rng.permutation(count)
    hairs = _hairs(spine, side, across * (width / 2), _trims(across, brush, rng))
    picture.lines(hairs[order], rgb[order], width / count * 1.55, np.clip(height[order], 0.02, 1), brush.alpha)


def _grain(count: int, spread: float, smear: int, rng: np.random.Generator) -> np.ndarray:
    """One random number a bristle, alike among neighbours."""
    loose = rng.normal(0, spread, count + smear - 1)
    return np.convolve(loose, np.full(smear, smear**-0.5), "valid")


def _trims(across: np.ndarray, brush: Brush, rng: np.random.Generator) -> np.ndarray:
    """Where each bristle starts and ends along the spine, 0 to 1: (count, 2)."""
    bow = 0.25 * (1 - (1 - np.abs(across) ** brush.round) ** (1 / brush.round))
    early, late = (bow + brush.ragged * rng.random(len(across)) for _ in range(2))
    return np.stack([early, 1 - late], 1)


def _hairs(spine: np.ndarray, side: np.ndarray, offsets: np.ndarray, trims: np.ndarray) -> np.ndarray:
    """The path of every bristle, (count, knots, 2): the spine between its trims, moved sideways."""
    knots = len(spine)
    place = (trims[:, :1] + np.diff(trims) * np.linspace(0, 1, knots)) * (knots - 1)
    low = np.minimum(place.astype(int), knots - 2)
    part = (place - low)[..., None]
    middle = spine[low] * (1 - part) + spine[low + 1] * part
    return middle + (side[low] * (1 - part) + side[low + 1] * part) * offsets[:, None, None]
