"""Palette knife: a lake and fields at sundown in slabs of thick paint, dragged flat and broken at the edges."""

from dataclasses import replace

import numpy as np

from training.styles.brushes import Brush, paint
from training.styles.canvas import Painting, finish
from training.styles.fields import Size, grid, noise, sample, scatter, smoothstep
from training.styles.palettes import colours, jitter, ramp

SIZE: Size = (1024, 820)
SKY = colours("17386b 2f6c9f 79b4c4 f2dfb4 f6b25a e9713a")
LAND = colours("3a1430 8f2238 d8432f f08b2c f7c64e 6a7a2f 1c4a48")
LAKE = colours("102a54 1f5a8c 5fa3b8 f4d79a f08f4e 8a2f46")
DARK = colours("0c1630 1a2b4a 123d47 3c1a3c")
KNIFE = Brush(bristle=1.7, streak=0.028, ridge=0.42, rough=0.07, ragged=0.16, round=9.0, smear=4)
LAYERS = ((42, 70, 140), (31, 48, 100), (24, 32, 70), (30, 20, 52))  # gap, width, length


def draw(seed: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scene, angles = _scene(rng)
    picture = Painting(SIZE, DARK[0])
    for gap, width, length in LAYERS:
        points = scatter(SIZE, gap, rng)
        tilt = sample(angles, points) + rng.normal(0, 0.22, len(points))
        spines = _slabs(points, tilt, length * rng.uniform(0.6, 1.2, len(points)), rng)
        first = jitter(sample(scene, points), rng, 0.045, 0.12, 0.12)
        second = jitter(sample(scene, points + rng.normal(0, 16, points.shape)), rng, 0.06, 0.15, 0.16)
        paint(picture, spines, first, second, replace(KNIFE, width=width), rng, width * rng.uniform(0.6, 1.2, len(points)))
    return finish(picture.lit(depth=6.0, gloss=0.2, weave=0.008, rng=rng), SIZE)


def _slabs(points: np.ndarray, tilt: np.ndarray, lengths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nearly straight drags of the knife, (n, 5, 2)."""
    knots = np.linspace(-0.5, 0.5, 5)
    along = np.stack([np.cos(tilt), np.sin(tilt)], -1)
    bow = rng.normal(0, 0.12, len(points))[:, None] * (knots**2)
    spines = points[:, None] + along[:, None] * (knots * lengths[:, None])[..., None]
    return spines + np.stack([-along[:, 1], along[:, 0]], -1)[:, None] * (bow * lengths[:, None])[..., None]


def _scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Colours (H, W, 3) and the lie of the knife (H, W)."""
    x, y = grid(SIZE)
    sky = ramp(SKY, y / 330 + 0.15 * noise(SIZE, (170, 50), rng) - 0.22 * np.exp(-((x - 660) ** 2 + (y - 250) ** 2) / 60000) * -1)
    land = ramp(LAND, (0.5 + 0.27 * noise(SIZE, (150, 34), rng) + 0.2 * np.sin(y / 26)) % 1)
    lake = ramp(LAKE, 0.48 + 0.27 * noise(SIZE, (140, 18), rng) - 0.0016 * np.abs(x - 660) + 0.2)
    hills = 285 + 50 * np.sin(x / 170 + 2) + 26 * np.sin(x / 73)
    shore, bank = 380 + 8 * np.sin(x / 60), 560 + 60 * np.sin(x / 210 + 1) + 0.12 * (x - 500)
    scene = np.where((y > hills)[..., None], ramp(DARK, 0.5 + 0.3 * noise(SIZE, 60, rng)), sky)
    scene = np.where(((y > hills + 20) & (y > 335))[..., None], ramp(LAND, 0.35 + 0.3 * noise(SIZE, (80, 18), rng)), scene)
    scene = np.where((y > shore)[..., None], lake, scene)
    scene = np.where((y > bank)[..., None], land, scene)
    angles = np.where(y > bank, 0.12 * np.cos(x / 210 + 1) - 0.35, np.where(y > shore, 0.0, 0.25 * noise(SIZE, 200, rng) - 0.35))
    return _sun(*_poplars(scene, angles, x, y, rng), x, y)


def _poplars(
    scene: np.ndarray, angles: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Dark upright trees on the near bank, with a warm side to the sun."""
    for cx, top, base, wide in ((120, 90, 640, 46), (215, 190, 620, 34), (905, 130, 690, 48), (985, 230, 700, 36), (420, 300, 590, 24)):
        body = wide * np.sqrt(np.clip((y - top) / (base - top), 0, 1)) * smoothstep(base + 5, base - 60, y)
        tree = np.abs(x - cx + 6 * noise(SIZE, 30, rng)) < body
        side = 0.5 + 0.45 * (x - cx) / wide * np.sign(660 - cx) + 0.2 * noise(SIZE, 25, rng)
        scene = np.where(tree[..., None], ramp(colours("0c1630 123d47 2f6a4a c98a2c"), side), scene)
        angles = np.where(tree, np.pi / 2 - 0.25, angles)
    return scene, angles


def _sun(scene: np.ndarray, angles: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    far = np.hypot(x - 660, y - 200)
    disc = far < 46
    path = (np.abs(x - 660) < 14 + 0.16 * (y - 380) + 12 * np.sin(y / 7)) & (y > 385) & (y < 545)
    scene = np.where(disc[..., None], colours("fff3c9")[0], np.where(path[..., None], colours("fbe6ae")[0], scene))
    halo = (far < 190) & (y < 300)
    return scene, np.where(halo, np.arctan2(y - 200, x - 660) + np.pi / 2, angles)
