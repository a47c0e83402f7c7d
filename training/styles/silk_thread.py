"""Embroidery: satin and long-and-short stitches in silk, laid over a folk garden, every thread twisted and lit."""

import numpy as np

from training.styles.canvas import Painting, canvas_weave, finish, light
from training.styles.fields import Size, grid, noise, sample, scatter, spaced, trace
from training.styles.palettes import colours, jitter, ramp

SIZE: Size = (1024, 1024)
LINEN = colours("1c2747")[0]
SILKS = [
    colours(text)
    for text in ("7d1128 c8283c ef6a55 ffc9a8", "8a3d0c d9821f f7bd45 fff0b8", "14285e 2c5cb8 74aee6 dff1fb", "a08a68 dccdaa f6efdc ffffff")
]
PAIRS = ((3, 0), (1, 2), (0, 1), (3, 2), (0, 3), (2, 3))  # silks of a flower's outer and inner petals
GREENS = colours("0f3b33 1f6b4c 5fa05a b9d27a")
NAVY = colours("111c3d 24407c 4a74b4 9cc0dc")


def draw(seed: int = 31) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angles, rgb = _ground(rng)
    _foliage(angles, rgb, rng)
    for n, centre in enumerate(spaced(SIZE, 200, rng, 5000, margin=30)):
        _flower(angles, rgb, centre, rng.uniform(95, 140), n)
    picture = Painting(SIZE, LINEN, 0.15)
    for gap, length in ((8.4, 34), (6.2, 26)):
        points = scatter(SIZE, gap, rng)
        _stitch(picture, trace(angles, points, length * rng.uniform(0.75, 1.25, len(points)), 5), sample(rgb, points), rng)
    relief = picture.relief.rgb()[..., 0]
    woven = relief + 0.01 * canvas_weave(relief.shape[::-1], rng)
    return finish(light(picture.colour.rgb(), woven, depth=4.2, gloss=0.35), SIZE)


def _ground(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Navy silk in waves of couching."""
    x, y = grid(SIZE)
    angles = 0.55 * np.sin(x / 120) * np.cos(y / 150) + 0.35 * noise(SIZE, 220, rng, 1) + 0.4
    return angles, ramp(NAVY, 0.40 + 0.36 * np.sin((y + 40 * np.sin(x / 110)) / 19) + 0.12 * noise(SIZE, 40, rng))


def _foliage(angles: np.ndarray, rgb: np.ndarray, rng: np.random.Generator) -> None:
    """Leaves in pairs, stitched aslant from the midrib."""
    x, y = grid(SIZE)
    for n, (cx, cy) in enumerate(spaced(SIZE, 74, rng, 6000, margin=40)):
        turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(52, 76)
        along = (np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy)) / reach
        across = (np.cos(turn) * (y - cy) - np.sin(turn) * (x - cx)) / reach + 0.15 * (1 - along**2)
        wide = 0.36 * np.clip(1 - along**2, 0, 1) ** 0.8
        leaf = np.abs(across) < wide
        silk = GREENS if n % 4 else SILKS[1]
        tone = 0.5 + 0.42 * np.sign(across) * (n % 2 * 2 - 1) * 0.6 + 0.25 * along
        rgb[leaf] = ramp(silk, tone[leaf])
        rgb[leaf & (np.abs(across) < 0.035)] = silk[3]
        angles[leaf] = (turn + np.sign(across) * 0.75)[leaf]


def _flower(angles: np.ndarray, rgb: np.ndarray, centre: np.ndarray, radius: float, n: int) -> None:
    """Rings of petals in satin stitch that runs out from the heart, shaded from dark root to pale tip."""
    x, y = grid(SIZE)
    far, turn = np.hypot(x - centre[0], y - centre[1]) / radius, np.arctan2(y - centre[1], x - centre[0])
    petals = (6, 8, 10)[n % 3]
    for ring, reach in enumerate((1.0, 0.64)):
        wave = np.abs(np.cos(petals / 2 * (turn + ring * np.pi / petals)))
        edge = reach * (0.70 + 0.30 * wave**0.6)
        inside = far < edge
        tone = (far / edge if ring == 0 else 1.15 - far / edge) - 0.30 * (wave < 0.32)
        rgb[inside] = ramp(SILKS[PAIRS[n % len(PAIRS)][ring]], tone[inside])
        angles[inside] = (turn + 0.25 * np.sin(petals * turn))[inside]
    heart = far < 0.24
    rgb[heart] = ramp(SILKS[1], 0.9 - 2.2 * far[heart])
    angles[heart] = turn[heart] + np.pi / 2


def _stitch(picture: Painting, spines: np.ndarray, rgb: np.ndarray, rng: np.random.Generator) -> None:
    """One thread at a time: a dark flank, the body, two plies of light along it."""
    body = jitter(rgb, rng, 0.035, 0.08, 0.05)
    glint = jitter(rgb, rng, 0.02) * 0.72 + 0.28
    for spine, silk, shine in zip(spines, body, glint, strict=True):
        picture.line(spine + np.array([0.7, 1.1]), silk * 0.42, 5.8, 0.25)
        picture.line(spine, silk, 4.5, 0.62)
        picture.line(spine[1:-1] - np.array([0.35, 0.65]), shine, 1.3, 0.85, 0.8)
