"""Divisionism: a river under trees at noon, in dots of a few pure pigments that mix only in the eye."""

import numpy as np

from training.styles.canvas import Painting, finish
from training.styles.fields import Size, grid, noise, sample, scatter, smoothstep, spaced
from training.styles.palettes import colours, from_oklab, jitter, to_oklab

SIZE: Size = (1024, 832)
PIGMENTS = colours("fdf6dc fbe27a f6b83c ee7f3a d94a35 b02a4c 6d2f7d 3a3a9e 2a63c8 5fa5e0 a9d6ee 2b8a8a 2f8f4e 86bf4a cfe08a 17234f f4b7a2")
LAYERS = ((10.0, 8.0), (8.8, 6.2), (8.6, 4.8), (13.0, 3.8))  # gap, radius


def draw(seed: int = 21) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scene = _scene(rng)
    picture = Painting(SIZE, colours("e9dcb8")[0], 0.2)
    for gap, radius in LAYERS:
        points = scatter(SIZE, gap, rng)
        dots = jitter(_divide(sample(scene, points), rng), rng, 0.02, 0.08, 0.05)
        sizes = radius * rng.uniform(0.75, 1.25, len(points))
        for (x, y), rgb, size in zip(points, dots, sizes, strict=True):
            dab = np.array([[x - 0.25 * size, y + 0.1 * size], [x + 0.25 * size, y - 0.1 * size]])
            picture.line(dab, rgb, size * 1.8, float(rng.uniform(0.45, 0.8)))
    return finish(picture.lit(depth=3.2, gloss=0.12, weave=0.01, rng=rng), SIZE)


def _divide(target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pick a pure pigment for each dot: usually one near the target, sometimes the complement of its hue."""
    lab, pigments = to_oklab(target), to_oklab(PIGMENTS)
    lab = lab * [1, 1.35, 1.35] + rng.normal(0, 1, lab.shape) * [0.045, 0.05, 0.05]
    rare = rng.random(len(lab)) < 0.09
    lab[rare, 1:] *= -1.1
    cost = (((lab[:, None] - pigments) * [1.6, 1, 1]) ** 2).sum(-1)
    return from_oklab(pigments[np.argmin(cost, 1)])


def _scene(rng: np.random.Generator) -> np.ndarray:
    """The target the dots are chosen for, (H, W, 3)."""
    x, y = grid(SIZE)
    water = smoothstep(365, 385, y + 0.06 * x) * (1 - smoothstep(-12, 12, y - _bank(x)))
    sky = _blend("8fc4ea d9ecef fbe9b8", y / 380 + 0.06 * noise(SIZE, 140, rng))
    river = _blend("4f8fd0 9fcfe6 fff0c0 5b86c9 2f4f9c", 0.5 + 0.23 * noise(SIZE, (190, 16), rng) + (y - 520) / 900)
    meadow = _blend("5b3f8a 3f7a5a e8b84a f7d878 f4a06a", 0.55 + 0.24 * noise(SIZE, (120, 40), rng))
    scene = np.where(water[..., None] > 0.5, river, np.where((y > 380)[..., None], meadow, sky))
    scene = _hills(scene, x, y, rng)
    return _trees(scene, x, y, rng)


def _bank(x: np.ndarray) -> np.ndarray:
    return 500 + 130 * smoothstep(300, 620, x) - 150 * smoothstep(660, 960, x) + 14 * np.sin(x / 70)


def _blend(text: str, where: np.ndarray) -> np.ndarray:
    lab = to_oklab(colours(text))
    places = np.linspace(0, 1, len(lab))
    return from_oklab(np.stack([np.interp(np.clip(where, 0, 1), places, lab[:, i]) for i in range(3)], -1))


def _hills(scene: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    top = 300 + 34 * np.sin(x / 150 + 1) + 16 * np.sin(x / 61) - 0.03 * x
    hill = (y > top) & (y < 378 - 0.06 * x + 12)
    return np.where(hill[..., None], _blend("3f4f9a 6f8fc8 a9a0c8 5fa58c", 0.5 + 0.3 * noise(SIZE, 50, rng)), scene)


def _trees(scene: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Round crowns lit from the left, their trunks, and the pools of violet shade they cast."""
    crowns = [(120, 190, 175), (335, 130, 120), (930, 200, 160), (770, 165, 90), (20, 430, 90)]
    for cx, cy, radius in crowns:
        shade = np.hypot((x - cx - radius * 0.8) / 1.9, (y - 640 - cy * 0.2) * 2.6) + 16 * noise(SIZE, 34, rng) < radius * 0.5
        scene = np.where((shade & (y > _bank(x)))[..., None], _blend("17234f 3a3a9e 6d2f7d", 0.5 + 0.3 * noise(SIZE, 30, rng)), scene)
        trunk = (np.abs(x - cx - 10 * np.sin(y / 60)) < radius * 0.075) & (y > cy) & (y < 600 + cy * 0.2)
        scene = np.where(trunk[..., None], _blend("3a1f4a 7a3a3a d98a4a", 0.5 - (x - cx) / radius * 5), scene)
        edge = np.hypot(x - cx, (y - cy) * 1.15) + 17 * noise(SIZE, 46, rng)
        glow = 0.48 - 0.33 * ((x - cx) + (y - cy)) / radius + 0.16 * noise(SIZE, 26, rng)
        scene = np.where((edge < radius)[..., None], _blend("17234f 2b3f8a 2f7a62 c9a63a f3a03c fbe27a", glow), scene)
    for px, py in spaced((SIZE[0], 200), 46, rng, 300):
        flower = np.hypot(x - px, y - (py + 640)) < 7
        scene = np.where((flower & (y > _bank(x) + 20))[..., None], colours("d94a35 fdf6dc f4b7a2")[rng.integers(3)], scene)
    return scene
