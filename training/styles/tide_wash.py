"""Watercolour: transparent pools, petals and leaves that dry with a dark rim, bleed into each other and settle in the paper's grain."""

from dataclasses import dataclass

import numpy as np

from training.styles.canvas import finish, light, paper
from training.styles.fields import Size, grid, noise, smoothstep, spaced
from training.styles.palettes import colours

SIZE: Size = (1024, 832)
PAPER = colours("fbf7ec")[0]
PIGMENTS = colours("1d3f9c 2a86c4 33a7a8 f07a3c f6bc3c e0456f 6f45a8 12254f 1c6b5a")
COOL, WARM, DARK = (0, 1, 2, 1, 6), (3, 4, 5, 4), (8, 0, 2, 7, 8, 6)


@dataclass(frozen=True)
class Wash:
    """One brushful.

    Attributes:
        window: the rows and columns of the picture that it touches.
        wet: the signed distance to its rim there, positive where the paper is wet.
        pigment: which of PIGMENTS.
        strength: how thick it was mixed; 1 is full colour.
    """

    window: tuple[slice, slice]
    wet: np.ndarray
    pigment: int
    strength: float


def draw(seed: int = 17) -> np.ndarray:
    rng = np.random.default_rng(seed)
    tooth = paper(SIZE, rng, 3.0)
    depth = np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    for wash in _plan(rng):
        absorbed = -np.log(np.clip(PIGMENTS[wash.pigment], 0.02, 0.99))
        depth[wash.window] += _density(wash, tooth, rng)[..., None] * absorbed
    rgb = light((PAPER * np.exp(-depth)).astype(np.float32), 0.035 * tooth, depth=2.4, gloss=0.0)
    return finish(rgb, SIZE)


def _plan(rng: np.random.Generator) -> list[Wash]:
    """Every wash from first to last: pale pools, sprays of dark leaves, flowers over them, a little spatter."""
    washes = []
    for n, place in enumerate(spaced(SIZE, 140, rng, 900, margin=40)):
        washes.append(_pool(place, rng.uniform(85, 130), 0.30, _hue(place, n), 0.36, rng))
    for n, place in enumerate(spaced(SIZE, 150, rng, 3000, margin=20)):
        washes += _spray(place, DARK[n % 6], rng)
    for n, place in enumerate(spaced(SIZE, 122, rng, 3000, margin=30)):
        washes += _flower(place, n, rng)
    for place in rng.uniform(0, 1, (130, 2)) * SIZE:
        washes.append(_pool(place, rng.gamma(2.0, 1.3) + 1, 0.05, int(rng.integers(len(PIGMENTS))), 0.8, rng))
    return washes


def _hue(place: np.ndarray, n: int) -> int:
    """Warm pigments gather along one diagonal, cool ones along the other."""
    warm = np.sin(place[0] / 190 + place[1] / 240) > 0.25
    return WARM[n % 4] if warm else COOL[n % 5]


def _flower(place: np.ndarray, n: int, rng: np.random.Generator) -> list[Wash]:
    """Overlapping petals of one pigment, some charged with its neighbour, and a dark wet heart."""
    count, reach, start = int(rng.integers(6, 10)), rng.uniform(62, 104), rng.uniform(0, 6.3)
    washes = []
    for k in range(count):
        turn = start + 2 * np.pi * k / count + rng.normal(0, 0.1)
        centre = place + reach * 0.62 * np.array([np.cos(turn), np.sin(turn)])
        pigment = _hue(place, n if rng.random() < 0.75 else n + k)
        shape = reach * rng.uniform(0.5, 0.65), reach * rng.uniform(0.24, 0.34)
        washes.append(_petal(centre, turn, shape, pigment, rng.uniform(0.45, 0.85), rng))
    return [*washes, _pool(place, reach * 0.17, 0.15, 7, 1.1, rng)]


def _spray(place: np.ndarray, pigment: int, rng: np.random.Generator) -> list[Wash]:
    """Leaves in pairs along a bent twig."""
    turn, bend, here, washes = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.25), place.astype(float), []
    for _ in range(5):
        turn += bend
        here = here + 30 * np.array([np.cos(turn), np.sin(turn)])
        for side in (-1, 1):
            aim = turn + side * rng.uniform(0.6, 1.0)
            centre = here + 30 * np.array([np.cos(aim), np.sin(aim)])
            washes.append(_petal(centre, aim, (rng.uniform(28, 38), rng.uniform(9, 13)), pigment, rng.uniform(0.55, 0.95), rng))
    return washes


def _pool(place: np.ndarray, radius: float, rough: float, pigment: int, strength: float, rng: np.random.Generator) -> Wash:
    """A puddle: an ellipse whose edge wanders at several scales."""
    window, along, across = _frame(place, rng.uniform(0, np.pi), radius * 2.2 + 3)
    rim = radius * (1 + rough * noise(along.shape[::-1], max(radius * 0.9, 4), rng, 4))
    return Wash(window, rim - np.hypot(along / rng.uniform(1.0, 1.6), across), pigment, strength)


def _petal(place: np.ndarray, turn: float, shape: tuple[float, float], pigment: int, strength: float, rng: np.random.Generator) -> Wash:
    """A drop-shaped brush mark of some length and width, narrow at the root."""
    length, width = shape
    window, along, across = _frame(place, turn, length + 3)
    u = along / length
    swell = np.clip(1 - u**2, 0, 1) ** 0.6 * (0.78 + 0.32 * u)
    bow = across + 0.12 * width * rng.normal() * u**2
    edge = width * swell - np.abs(bow) + 0.05 * width * noise(along.shape[::-1], width, rng, 3)
    return Wash(window, np.where(np.abs(u) < 1, edge, -2.0), pigment, strength)


def _frame(place: np.ndarray, turn: float, reach: float) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """The window within `reach` of a place (never quite empty), and in it the coordinates along and across a direction."""
    low = np.clip(place - reach, 0, np.array(SIZE) - 8).astype(int)
    high = np.clip(place + reach, low + 8, SIZE).astype(int)
    x, y = (a + corner - middle for a, corner, middle in zip(grid(tuple(high - low)), low, place, strict=True))
    c, s = np.cos(turn), np.sin(turn)
    return np.s_[low[1] : high[1], low[0] : high[0]], c * x + s * y, c * y - s * x


def _density(wash: Wash, tooth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paint left by one wash: thin inside, dark along the dried edge, blooms where water ran back, grains in the paper's pits."""
    wet = wash.wet
    flow = noise(wet.shape[::-1], 55, rng, 4)
    dried = np.exp(-np.clip(wet, 0, None) / 1.7)
    bloom = np.exp(-(((flow - 0.5) / 0.07) ** 2)) * smoothstep(5, 25, wet)
    body = 0.50 + 0.28 * flow + 0.85 * dried + 0.35 * bloom - 0.10 * tooth[wash.window]
    return wash.strength * smoothstep(-0.7, 0.9, wet) * np.clip(body, 0.05, 2)
