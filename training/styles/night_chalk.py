"""Pastel on dark paper: chrysanthemums of chalk strokes that catch only the tooth of the sheet."""

import numpy as np

from training.styles.canvas import Sheet, finish, paper
from training.styles.fields import Size, curve, grid, noise, spaced, unit
from training.styles.palettes import colours, jitter, ramp

SIZE: Size = (1024, 1024)
PAPER = colours("151a33")[0]
BLOOMS = [
    colours(text)
    for text in ("7a1f3d e0484f ff9a76 ffe9cc", "7d3a12 e8892b ffd166 fff6d6", "22357f 4f7fe0 a9d4ff f7fcff", "8a4a3a e9a27c ffdcb8 fffaf0")
]
RINGS = ((0.45, 1.05, 44, 12.0), (0.26, 0.84, 36, 10.5), (0.10, 0.58, 26, 9.0), (0.0, 0.30, 16, 7.5))  # inner, outer, count, stick
LEAVES = colours("0f3d46 1f6f63 63a86b cfe08a")
PRESSES = 4


def draw(seed: int = 19) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sheets = [Sheet(SIZE) for _ in range(PRESSES)]
    _stems(sheets, rng)
    flowers = spaced(SIZE, 165, rng, 4000, margin=60)
    for n, centre in enumerate(flowers[np.argsort(flowers[:, 1])]):
        _bloom(sheets, centre, rng.uniform(100, 165), BLOOMS[(n * 3 + n // 4) % len(BLOOMS)], rng)
    return finish(_rub(sheets, rng), SIZE)


def _stems(sheets: list[Sheet], rng: np.random.Generator) -> None:
    """Behind the flowers: long bent leaf strokes and hatching in blue and green."""
    for n, (x, y) in enumerate(spaced(SIZE, 21, rng, 9000, margin=60)):
        turn = -np.pi / 2 + 0.9 * np.sin(x / 170) + 0.5 * np.cos(y / 130) + rng.normal(0, 0.18)
        reach = rng.uniform(45, 110)
        way = np.array([np.cos(turn), np.sin(turn)])
        knots = np.array([[x, y], [x, y] + way * reach * 0.5 + rng.normal(0, 5, 2), [x, y] + way * reach])
        shade = ramp(LEAVES, rng.beta(1.3, 1.6)) if n % 4 else ramp(BLOOMS[2], rng.uniform(0, 0.5))
        sheets[n % 2].line(curve(knots, 14), shade, rng.uniform(5, 12), 0.95)


def _bloom(sheets: list[Sheet], centre: np.ndarray, radius: float, chalk: np.ndarray, rng: np.random.Generator) -> None:
    """Petal strokes from the rim to the heart, each ring a lighter chalk pressed harder."""
    tilt, squash = rng.uniform(0, np.pi), rng.uniform(0.72, 1.0)
    sheets[0].fill(_petal_disc(centre, radius * 0.8, squash, tilt), chalk[0] * 0.8, 0.9)
    for ring, (inner, outer, count, stick) in enumerate(RINGS):
        for turn in np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.06, count):
            ends = np.array([inner, (inner + outer) / 2, outer]) * radius * rng.uniform(0.85, 1.12)
            swing = turn + np.array([0, 0.10, 0.26]) * (1.2 if ring % 2 else -0.6)
            spoke = np.stack([np.cos(swing), np.sin(swing) * squash], 1) * ends[:, None]
            line = curve(centre + spoke @ _spin(tilt), 12)
            tone = np.clip(0.22 + ring * 0.26 + 0.22 * np.cos(turn + tilt + 2.4) + rng.normal(0, 0.1), 0, 1)
            sheets[ring].line(line, jitter(ramp(chalk, tone), rng, 0.02, 0.1, 0.08), stick * rng.uniform(0.6, 1.15), 0.95)
    for _ in range(26):
        dot = centre + rng.normal(0, radius * 0.075, 2)
        sheets[-1].dot(dot, rng.uniform(2, 4.4), jitter(BLOOMS[1][2], rng, 0.05))


def _petal_disc(centre: np.ndarray, radius: float, squash: float, tilt: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 60)
    return centre + np.stack([np.cos(turn), np.sin(turn) * squash], 1) * radius @ _spin(tilt)


def _spin(tilt: float) -> np.ndarray:
    return np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])


def _rub(sheets: list[Sheet], rng: np.random.Generator) -> np.ndarray:
    """Lay the presses down one after another; chalk stays on the tooth, later presses reach deeper into it."""
    covers = [sheet.cover() for sheet in sheets]
    fine: Size = (covers[0].shape[1], covers[0].shape[0])
    tooth = unit(paper(fine, rng, 3.6))
    x, _ = grid(fine)
    laid = 0.5 + 0.5 * np.sin(x / 3.4)
    rgb = PAPER * (0.82 + 0.36 * (0.6 * tooth + 0.4 * laid))[..., None] + 0.012 * noise(fine, 300, rng, 2)[..., None]
    for depth, (sheet, cover) in enumerate(zip(sheets, covers, strict=True)):
        reach = 0.34 - 0.06 * depth
        grip = np.clip((0.8 * tooth + 0.2 * laid - reach) / 0.16, 0, 1) * 0.95
        stain = 0.58 + 0.07 * depth
        alpha = (np.maximum(grip, stain) * cover)[..., None]
        chalk = sheet.rgb() / np.maximum(cover, 1e-3)[..., None]
        rgb = rgb * (1 - alpha) + np.clip(chalk * (0.90 + 0.16 * tooth)[..., None], 0, 1) * alpha
    return rgb
