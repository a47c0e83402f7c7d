"""Gold leaf in the Viennese manner: a tree of spirals over a ground of gilded squares, eyes, bars and flowered rounds."""

import numpy as np

from training.styles.canvas import Painting, finish, light
from training.styles.fields import Size, noise, ribbon, sample, spaced
from training.styles.palettes import colours, jitter

SIZE: Size = (1024, 1024)
GOLD = colours("6b4413 9a6a1c c9952f e3bb55 f3da8c")
GOWN = colours("10204f 1f3f7a 1f5f66 2f6fae")
BRANCH, CREAM = colours("3a2112 fbf3dc")
JEWELS = colours("14151a fbf3dc 1f3f7a b5342a 2f7a66 d97a2b 6a3a7a e9e2cf")


def draw(seed: int = 41) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = Painting(SIZE, GOLD[1], 0.3)
    _leaf_squares(picture, rng)
    _ornaments(picture, rng)
    for n, centre in enumerate(spaced(SIZE, 205, rng, 6000, margin=60)):
        _spiral(picture, centre, rng.uniform(95, 160), n, rng)
    return finish(_gild(picture, rng), SIZE)


def _leaf_squares(picture: Painting, rng: np.random.Generator) -> None:
    """The ground: little rectangles of beaten gold, giving way to lapis and malachite where a gown would fall."""
    depth = noise(SIZE, 330, rng, 2)
    for y in range(-6, SIZE[1], 30):
        x = -rng.uniform(0, 30)
        while x < SIZE[0]:
            wide = rng.choice([16, 24, 34, 46])
            tall = rng.choice([20, 28, 28])
            tile = np.array([[x, y], [x + wide - 2, y], [x + wide - 2, y + tall], [x, y + tall]]) + rng.normal(0, 0.7, (4, 2))
            colour = _tile_colour(float(sample(depth, np.array([x, y]))) + rng.normal(0, 0.25), rng)
            picture.fill(tile, jitter(colour, rng, 0.035, 0.1, 0.05), float(rng.uniform(0.35, 0.6)))
            x += wide


def _tile_colour(depth: float, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.06:
        return JEWELS[rng.integers(0, 2)]
    if depth > 0.75:
        return GOWN[rng.integers(0, 4)]
    return GOLD[rng.integers(2, 5)] if depth > -0.8 else GOLD[rng.integers(0, 3)]


def _ornaments(picture: Painting, rng: np.random.Generator) -> None:
    """Between the branches: rounds with rings, eyes, chequered bars and triangles."""
    makers = (_round, _eye, _bars, _round, _triangles)
    for n, centre in enumerate(spaced(SIZE, 92, rng, 9000, margin=20)):
        makers[n % len(makers)](picture, centre, rng.uniform(36, 56), rng)


def _round(picture: Painting, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    inks = JEWELS[rng.permutation(len(JEWELS))]
    for k, reach in enumerate(np.linspace(1, 0.18, 4) * radius):
        golden = k % 2 == 0 and rng.random() < 0.4
        picture.fill(_oval(centre, reach, 1.0, 0.0), GOLD[rng.integers(2, 5)] if golden else inks[k], 0.45 + 0.1 * k)
    for turn in np.linspace(0, 2 * np.pi, 10, endpoint=False):
        bead = centre + 0.72 * radius * np.array([np.cos(turn), np.sin(turn)])
        picture.fill(_oval(bead, radius * 0.10, 1.0, 0.0), CREAM, 0.9)


def _eye(picture: Painting, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    turn = rng.uniform(0, np.pi)
    inks = JEWELS[rng.permutation(len(JEWELS))]
    almond = _oval(centre, radius * 1.25, 0.55, turn)
    picture.fill(almond, inks[0], 0.55)
    picture.line(np.vstack([almond, almond[:1]]), GOLD[4], 2.6, 0.85)
    for k, reach in enumerate((0.5, 0.32, 0.15)):
        picture.fill(_oval(centre, radius * reach, 1.0, 0.0), (CREAM, inks[1], JEWELS[0])[k], 0.6 + 0.1 * k)


def _bars(picture: Painting, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """Upright bars of black, white and gold, as on a Secession poster."""
    for row in range(3):
        for column in range(4):
            x, y = centre + radius * np.array([(column - 2) * 0.55, (row - 1.5) * 0.75])
            w, h = radius * 0.46, radius * 0.66
            cell = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
            picture.fill(cell, (JEWELS[0], CREAM, GOLD[3])[(row + column * 2 + int(rng.random() < 0.3)) % 3], float(rng.uniform(0.5, 0.75)))


def _triangles(picture: Painting, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    inks = JEWELS[rng.permutation(len(JEWELS))]
    for k in range(6):
        x, y = centre + radius * np.array([(k % 3 - 1) * 0.72, (k // 3 - 0.5) * 0.85])
        r = radius * 0.40
        picture.fill(np.array([[x - r, y + r], [x + r, y + r], [x, y - r]]), inks[k % 4], 0.6)


def _spiral(picture: Painting, centre: np.ndarray, radius: float, n: int, rng: np.random.Generator) -> None:
    """A branch that winds in on itself, with a bright inner line and a bead at its heart."""
    turns, spin, start = rng.uniform(1.9, 2.5), (1, -1)[n % 2], rng.uniform(0, 2 * np.pi)
    t = np.linspace(0, 1, 130)
    angle, reach = start + spin * t * turns * 2 * np.pi, radius * (1 - t) ** 0.85 + 7
    coil = centre + np.stack([np.cos(angle), np.sin(angle)], 1) * reach[:, None]
    tangent = (coil[0] - coil[1]) / np.linalg.norm(coil[0] - coil[1])
    tail = coil[0] + tangent * np.linspace(radius * 1.5, 0, 24)[:, None] + np.outer(np.linspace(1, 0, 24) ** 2, (coil[0] - centre) * 0.6)
    spine = np.vstack([tail[:-1], coil])
    width = np.linspace(24, 7.0, len(spine))
    picture.fill(ribbon(spine, width + 8.0), BRANCH, 0.45)
    picture.fill(ribbon(spine, width), GOLD[3] if n % 3 else CREAM, 0.95)
    picture.fill(ribbon(spine, width * 0.32), GOLD[1] if n % 3 else BRANCH, 0.6)
    picture.fill(_oval(centre, 14.0, 1.0, 0.0), JEWELS[2 + n % 4], 0.95)


def _oval(centre: np.ndarray, radius: float, squash: float, turn: float) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    return centre + radius * np.stack([np.cos(t), np.sin(t) * squash], 1) @ np.array([[c, s], [-s, c]])


def _gild(picture: Painting, rng: np.random.Generator) -> np.ndarray:
    """Light the relief; hammered gold glitters more than paint does."""
    rgb, height = picture.colour.rgb(), picture.relief.rgb()[..., 0]
    fine: Size = (rgb.shape[1], rgb.shape[0])
    metal = np.clip((rgb[..., 0] - rgb[..., 2]) * 2.2 - 0.25, 0, 1)
    hammered = height * 0.6 + metal * (0.035 * noise(fine, 9, rng, 2) + 0.02 * noise(fine, 34, rng, 2)) + 0.008 * noise(fine, 4, rng, 1)
    sheen = 1 + metal * (0.13 * noise(fine, 160, rng, 2) + 0.06 * noise(fine, 12, rng, 2))
    return light((rgb * sheen[..., None]).astype(np.float32), hammered.astype(np.float32), depth=6.0, gloss=0.5)
