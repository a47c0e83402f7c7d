"""Cut paper: seaweed, leaves, stars and pebbles snipped from gouache-painted sheets, pasted over a patchwork."""

import cv2
import numpy as np

from training.styles.canvas import SCALE, Sheet, finish, paper
from training.styles.fields import Size, circle, curve, noise, ribbon, spaced
from training.styles.palettes import colours, jitter

SIZE: Size = (1024, 1024)
FINE: Size = (SIZE[0] * SCALE, SIZE[1] * SCALE)
GROUND = colours("1d3f91 f4ead2 e2532f f2b632 0e2149 4fa3a5 f3c9b8 1f6f5c")
CUTS = colours("f7f0dc f2b632 e2532f 1d3f91 0e2149 1f6f5c 7cc0b8 ef8fa0 f7f0dc 111a2c")


def draw(seed: int = 14) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rgb = np.broadcast_to(GROUND[1], (FINE[1], FINE[0], 3)).astype(np.float32)
    for outline, colour in [*_patches(rng), *_cuttings(rng)]:
        rgb = _paste(rgb, outline, colour, rng)
    return finish(rgb * (1 + 0.02 * paper(FINE, rng))[..., None], SIZE)


def _patches(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rectangles of a five by five patchwork, cut freehand and a little askew."""
    edges = np.linspace(0, SIZE[0], 6)
    found, last = [], -1
    for row in range(5):
        for column in range(5):
            last = rng.choice([k for k in range(len(GROUND)) if k != last])
            corners = np.array([[edges[column + a], edges[row + b]] for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))])
            spread = (corners - corners.mean(0)) * 1.06 + corners.mean(0)
            found.append((spread + rng.normal(0, 7, (4, 2)), GROUND[last]))
    return [found[i] for i in rng.permutation(len(found))]


def _cuttings(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    shapes = []
    for n, place in enumerate(spaced(SIZE, 128, rng, 3000, margin=30)):
        ground = GROUND[np.argmin(np.abs(np.arange(len(GROUND)) - n % len(GROUND)))]
        shape = (_seaweed, _seaweed, _leaf, _star, _seaweed, _pebble)[n % 6](place, rng)
        far = np.abs(CUTS - ground).sum(1) > 0.5
        shapes.append((shape, CUTS[far][rng.integers(far.sum())]))
        if n % 6 == 5:
            shapes.append((circle(place, 17, 30, 0.1, rng), CUTS[rng.integers(len(CUTS))]))
    return shapes


def _seaweed(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A frond: rounded fingers on both sides of a bending stem, drawn as one waving outline."""
    fingers, reach, turn = int(rng.integers(4, 7)), rng.uniform(105, 150), rng.uniform(0, 2 * np.pi)
    bend = rng.normal(0, 0.35)
    outline = []
    for side in (1, -1):
        steps = np.linspace(-1, 1, fingers * 2 + 1)
        for k, along in enumerate(steps if side == 1 else steps[::-1]):
            out = (0.52 * (1 - 0.55 * along**2) if k % 2 else 0.10) * rng.uniform(0.85, 1.15)
            tips = (-0.055, 0.055) if k % 2 else (0.0,)
            outline += [[side * out, along + 0.28 * out + side * tip] for tip in tips]
    points = np.array(outline) * reach
    points[:, 0] += bend * points[:, 1] ** 2 / reach
    c, s = np.cos(turn), np.sin(turn)
    return curve(place + points @ np.array([[c, s], [-s, c]]), 320, closed=True)


def _leaf(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(85, 120)
    knots = np.linspace(-1, 1, 30)
    way = np.array([np.cos(turn), np.sin(turn)])
    spine = place + reach * (knots[:, None] * way + 0.25 * (1 - knots**2)[:, None] * way[::-1] * [-1, 1])
    return ribbon(spine, reach * 0.62 * np.cos(knots * np.pi / 2) ** 0.8 + 1)


def _star(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    points, turn = int(rng.integers(6, 10)), rng.uniform(0, 6.3)
    angle = turn + np.arange(2 * points) * np.pi / points + rng.normal(0, 0.06, 2 * points)
    reach = np.where(np.arange(2 * points) % 2, 26, 74) * rng.uniform(0.85, 1.15, 2 * points)
    return place + np.stack([np.cos(angle), np.sin(angle)], 1) * reach[:, None]


def _pebble(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return circle(place, rng.uniform(40, 58), 60, 0.16, rng)


def _paste(rgb: np.ndarray, outline: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lay one painted sheet: a soft shadow below, brushed gouache inside, a bright cut edge."""
    sheet, shadow = Sheet(SIZE), Sheet(SIZE)
    sheet.fill(outline, 1.0)
    shadow.fill(outline + np.array([4.5, 6.0]), 1.0, 0.55, blur=4.0)
    x0, y0 = np.clip((outline.min(0) - 25) * SCALE, 0, FINE).astype(int)
    x1, y1 = np.clip((outline.max(0) + 30) * SCALE, 0, FINE).astype(int)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return rgb
    window = np.s_[y0:y1, x0:x1]
    cover, dark = sheet.cover()[window][..., None], shadow.cover()[window][..., None]
    painted = _gouache((x1 - x0, y1 - y0), colour, rng)
    edge = np.clip(cover - cv2.warpAffine(cover, np.array([[1, 0, 3], [0, 1, 3]], np.float32), (x1 - x0, y1 - y0))[..., None], 0, 1)
    below = rgb[window] * (1 - dark)
    rgb[window] = below * (1 - cover) + np.clip(painted + 0.13 * edge, 0, 1) * cover
    return rgb


def _gouache(size: Size, colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paper brushed with opaque colour: long streaks one way, thin places, a little change of hue."""
    cell = (150, 7) if rng.random() < 0.5 else (7, 150)
    tone = 0.050 * noise(size, cell, rng, 3) + 0.03 * noise(size, 90, rng, 2) + 0.012 * noise(size, 3, rng, 1)
    return np.clip(jitter(colour, rng, 0.02, 0.08, 0.05) * (1 + tone)[..., None] + 0.25 * tone[..., None], 0, 1).astype(np.float32)
