"""A wind of stars over dark hills: thick directional strokes that follow one stream function."""

import numpy as np

from training.styles.brushes import Brush, paint
from training.styles.canvas import Painting, finish
from training.styles.fields import along, grid, noise, sample, scatter, smoothstep, trace
from training.styles.palettes import colours, jitter, ramp

SIZE = (1024, 832)
NIGHT = colours("0d1740 16297a 1f4aa8 2f6fc4 68a6d8 b5d6d9 efe3ae e6b95a 3f7cc0 1c3d96 111d55")
STAR = colours("fff6cf ffe06a f7b733 d9c56a 7fb2b8 3a76c0")
HILL = colours("0b1230 142a5c 1d4f74 2f7f86 7fb08a e3c25a")
STARS = np.array(
    [
        [820, 140, 78],
        [110, 90, 44],
        [300, 60, 30],
        [560, 90, 40],
        [930, 400, 36],
        [80, 380, 34],
        [660, 480, 30],
        [420, 500, 24],
        [985, 90, 20],
        [210, 560, 26],
    ]
)
WHIRLS = np.array([[380, 290, 150, 1.0], [610, 350, 105, -1.0], [180, 250, 80, -0.8], [860, 560, 90, 0.8]])
LAYERS = ((15.0, 23.0, 130.0), (11.5, 15.0, 96.0), (10.5, 9.5, 66.0))  # gap, width, length


def draw(seed: int = 11) -> np.ndarray:
    rng = np.random.default_rng(seed)
    stream, glow = _sky(rng)
    ridge = _ridges(rng)
    angles, base = along(stream), _colours(stream, glow, ridge, rng)
    angles = np.where(ridge > 0, along(ridge + 6 * noise(SIZE, 120, rng, 2)), angles)
    picture = Painting(SIZE, NIGHT[0])
    for gap, width, length in LAYERS:
        points = scatter(SIZE, gap, rng)
        size = width * rng.uniform(0.7, 1.25, len(points))
        near = 1 - 0.55 * sample(glow, points)
        spines = trace(angles, points, length * near * rng.uniform(0.7, 1.3, len(points)))
        first = jitter(sample(base, points), rng, 0.035, 0.12, 0.12)
        second = jitter(sample(base, points + rng.normal(0, 9, points.shape)), rng, 0.05, 0.12, 0.15)
        paint(picture, spines, first, second, Brush(bristle=1.9), rng, size * (1 - 0.35 * sample(glow, points)))
    return finish(picture.lit(depth=5.5, gloss=0.22, weave=0.012, rng=rng), SIZE)


def _sky(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The stream function (its level lines are the wind) and the glow of the stars, 0 to 1."""
    x, y = grid(SIZE)
    stream = 0.9 * y + 34 * np.sin(x / 150 + y / 260) + 16 * noise(SIZE, 260, rng, 2)
    for cx, cy, reach, spin in WHIRLS:
        far = np.hypot(x - cx, (y - cy) * 1.15)
        stream += spin * 2.1 * reach * np.exp(-((far / reach) ** 2)) + 9 * spin * np.exp(-far / reach) * np.cos(far / 13)
    glow = np.zeros_like(stream)
    for cx, cy, reach in STARS:
        far = np.hypot(x - cx, y - cy)
        stream = stream + 3.2 * reach * np.exp(-((far / reach / 1.1) ** 2))
        glow = np.maximum(glow, np.exp(-((far / reach) ** 2) * 0.9))
    return stream, glow


def _ridges(rng: np.random.Generator) -> np.ndarray:
    """How deep below the skyline a pixel lies; negative in the sky."""
    x, y = grid(SIZE)
    skyline = 690 + 45 * np.sin(x / 130 + 0.6) + 25 * np.sin(x / 57) + 20 * noise(SIZE, 200, rng, 1)[:1]
    return y - skyline


def _colours(stream: np.ndarray, glow: np.ndarray, ridge: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    bands = (stream / 118 + 0.16 * noise(SIZE, 70, rng, 2)) % 1
    sky = ramp(NIGHT, bands)
    halo = smoothstep(0.1, 0.42, glow)[..., None]
    sky = sky * (1 - halo) + ramp(STAR, 1.08 - 1.05 * glow) * halo
    folds = 0.5 + 0.5 * np.sin(ridge / 12 + 1.3 * noise(SIZE, 90, rng, 2))
    hills = ramp(HILL, folds * (0.55 + 0.28 * noise(SIZE, (130, 40), rng, 2)) + 0.06)
    return np.where(ridge[..., None] > 0, hills, sky)
