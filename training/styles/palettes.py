"""Colours: hex strings to floats, perceptual mixing and jitter in OKLab, and the palette of a finished picture."""

import numpy as np
from scipy.cluster.vq import kmeans2

# Björn Ottosson, "A perceptual color space for image processing" (2020): linear sRGB -> LMS -> OKLab.
TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


def colours(text: str) -> np.ndarray:
    """'f4e3b1 20306a' -> (2, 3) floats from 0 to 1."""
    return np.array([[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in text.split()]) / 255.0


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """(..., 3) sRGB from 0 to 1 -> OKLab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ TO_LMS.T) @ TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """OKLab -> (..., 3) sRGB, clipped to 0 to 1."""
    linear = np.clip((lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_LMS).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def mix(one: np.ndarray, other: np.ndarray, amount: np.ndarray | float) -> np.ndarray:
    """Blend two (..., 3) colours in OKLab; amount 0 gives the first."""
    amount = np.asarray(amount)[..., None]
    return from_oklab(to_oklab(one) * (1 - amount) + to_oklab(other) * amount)


def ramp(stops: np.ndarray, where: np.ndarray | float) -> np.ndarray:
    """A smooth gradient through the (n, 3) stops, read at `where` (0 to 1, any shape)."""
    lab, where = to_oklab(stops), np.clip(np.asarray(where, float), 0, 1)
    places = np.linspace(0, 1, len(stops))
    return from_oklab(np.stack([np.interp(where, places, lab[:, i]) for i in range(3)], -1))


def jitter(rgb: np.ndarray, rng: np.random.Generator, light: float = 0.04, chroma: float = 0.1, hue: float = 0.1) -> np.ndarray:
    """Vary every colour of (..., 3) a little: light in OKLab units, chroma as a ratio, hue in radians (standard deviations)."""
    lab = to_oklab(rgb)
    n = lab.shape[:-1]
    angle = np.arctan2(lab[..., 2], lab[..., 1]) + rng.normal(0, hue, n)
    reach = np.hypot(lab[..., 1], lab[..., 2]) * np.exp(rng.normal(0, chroma, n))
    return from_oklab(np.stack([lab[..., 0] + rng.normal(0, light, n), reach * np.cos(angle), reach * np.sin(angle)], -1))


def dominant(pixels: np.ndarray, count: int = 5) -> list[str]:
    """The `count` main colours of (H, W, 3) bytes as hex strings, the most frequent first."""
    lab = to_oklab(pixels[::6, ::6].reshape(-1, 3) / 255.0)
    hues_count_more = np.array([1.0, 2.5, 2.5])  # or every mean is a grey
    centres, owner = kmeans2(lab * hues_count_more, count, minit="++", rng=np.random.default_rng(0), iter=60)
    order = np.argsort(-np.bincount(owner, minlength=count))
    return ["#" + "".join(f"{round(v * 255):02x}" for v in rgb) for rgb in from_oklab(centres[order] / hues_count_more)]
