"""A Byzantine wall of tesserae: scallops of lapis and gold, laid in rows that follow the figure.

The tiles come from Hausner, "Simulating Decorative Mosaics" (2001): a Voronoi diagram in a metric whose unit ball is a
square turned to the local direction, relaxed until the tiles are evenly spread.
"""

import cv2
import numpy as np

from training.styles.canvas import SCALE, finish, light
from training.styles.fields import Size, grid, noise, sample, scatter, smoothstep
from training.styles.palettes import colours, jitter

SIZE = (1024, 1024)
FINE: Size = (SIZE[0] * SCALE, SIZE[1] * SCALE)
GAP = 19.0
LAPIS = colours("0c1f5c 163c99 2767c9 5fb0dc cfeaf0 f2ead2")
GOLD = colours("7a3b12 c4781c e8b13a f7d878 fff3c4 b3361f")
GROUT = np.array([0.20, 0.17, 0.16])


def draw(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    figure, angles = _figure()
    points = _relax(scatter(SIZE, GAP, rng, margin=GAP / 2), angles)
    owner, gap, across = _tiles(points * SCALE, angles)
    rgb = jitter(sample(figure, points), rng, 0.045, 0.14, 0.07)
    return finish(_lay(rgb, owner, gap, across, rng), SIZE)


def _figure() -> tuple[np.ndarray, np.ndarray]:
    """The cartoon (H, W, 3) and the direction of the rows (H, W): scallops overlapping like scales."""
    x, y = grid(SIZE)
    rgb, angles = np.zeros((SIZE[1], SIZE[0], 3)), np.zeros((SIZE[1], SIZE[0]))
    radius = 172
    for row in range(-1, 11):
        for column in range(-1, 6):
            cx, cy = (column + 0.5 * (row % 2)) * radius * 1.62, row * radius * 0.62 + 60
            far, turn = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
            scale = far < radius
            kind = GOLD if (row * 2 + column) % 3 == 0 else LAPIS
            ring = np.floor(far / radius * 5.999).astype(int) % 6
            order = np.array([3, 1, 4, 0, 2, 5] if kind is LAPIS else [4, 2, 0, 3, 1, 5])
            rgb[scale], angles[scale] = kind[order[ring]][scale], turn[scale]
    return rgb, angles


def _relax(points: np.ndarray, angles: np.ndarray, rounds: int = 9) -> np.ndarray:
    for _ in range(rounds):
        owner, _, _ = _tiles(points, angles)
        count = np.bincount(owner.ravel(), minlength=len(points))
        x, y = grid((owner.shape[1], owner.shape[0]))
        means = [np.bincount(owner.ravel(), weights=a.ravel(), minlength=len(points)) / np.maximum(count, 1) for a in (x, y)]
        points = np.where(count[:, None] > 0, np.stack(means, -1), points)
    return points


def _tiles(points: np.ndarray, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which tile owns each pixel, how much nearer it is than the next tile, and how far from the tile's centre.

    Works at the points' own scale: picture pixels while relaxing, fine pixels for the wall itself.
    """
    scale = SCALE if points.max() > SIZE[0] * 1.5 else 1
    width, height, reach = SIZE[0] * scale, SIZE[1] * scale, int(GAP * 1.6 * scale)
    best, second = (np.full((height, width), 1e6, np.float32) for _ in range(2))
    owner = np.zeros((height, width), np.int32)
    for i, ((px, py), turn) in enumerate(zip(points, sample(angles, points / scale), strict=True)):
        x0, y0 = max(int(px) - reach, 0), max(int(py) - reach, 0)
        x1, y1 = min(int(px) + reach, width), min(int(py) + reach, height)
        if x1 <= x0 or y1 <= y0:
            continue
        far = _square(np.arange(x0, x1) - px, np.arange(y0, y1) - py, turn)
        near, next_, mine = best[y0:y1, x0:x1], second[y0:y1, x0:x1], owner[y0:y1, x0:x1]
        won = far < near
        np.copyto(next_, np.where(won, near, np.minimum(next_, far)))
        np.copyto(near, far, where=won)
        mine[won] = i
    return owner, second - best, best


def _square(dx: np.ndarray, dy: np.ndarray, turn: float) -> np.ndarray:
    """Distance in the metric of a square turned by `turn`."""
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    dx, dy = dx.astype(np.float32)[None], dy.astype(np.float32)[:, None]
    return np.maximum(np.abs(c * dx + s * dy), np.abs(c * dy - s * dx))


def _lay(rgb: np.ndarray, owner: np.ndarray, gap: np.ndarray, across: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Set the tiles in grout: each tilts its own way and has a bevelled edge and a grain."""
    tile = smoothstep(2.2, 5.0, gap) * smoothstep(GAP * SCALE * 0.75, GAP * SCALE * 0.66, across)
    tilt = rng.normal(1, 0.07, len(rgb))[owner]
    grain = 1 + 0.05 * noise(FINE, 14, rng, 3)
    glass = np.clip(rgb[owner] * (tilt * grain)[..., None], 0, 1)
    height = 0.5 * smoothstep(1, 12, gap) * tile + 0.03 * noise(FINE, 5, rng, 1)
    wall = GROUT * (1 + 0.18 * noise(FINE, 4, rng, 2))[..., None]
    return light(wall * (1 - tile[..., None]) + glass * tile[..., None], cv2.GaussianBlur(height, (0, 0), 1.2), depth=6.0, gloss=0.35)
