"""Turkish marbling: drops of ink pushed apart on a bath, then drawn through with combs and a stylus.

The moves are those of Aubrey Jaffer, "The Mathematics of Marbling": every drop and every tine is an area-preserving map of the plane.
"""

import numpy as np

from training.styles.canvas import Sheet, finish, paper
from training.styles.fields import Size, circle, noise, spaced
from training.styles.palettes import colours, jitter

SIZE: Size = (1024, 1024)
INKS = colours("14306e f7ecd0 b3202c 3f8fd0 f0be55 101a38 f7ecd0 0b7a75 f3dcc0 e2714a")


def draw(seed: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drops, inks = _drops(rng)
    drops = [_curl(_comb(drop)) for drop in drops]
    return finish(_print(drops, jitter(INKS[inks], rng, 0.015, 0.05, 0.03), rng), SIZE)


def _drops(rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Outlines in the order they fell, and their inks; each new drop pushes the older ones outwards.

    The bath is covered in rounds; a spot gets another ink each time, so that rings form as they do under a dropper.
    """
    spots = spaced(SIZE, 112, rng, 3000, margin=230)
    drops: list[np.ndarray] = []
    inks: list[int] = []
    for turn in range(5):
        for n in rng.permutation(len(spots)):
            centre, radius = spots[n] + rng.normal(0, 7, 2), rng.uniform(0.7, 1.2) * (80, 58, 46, 38, 24)[turn]
            drops = [_push(drop, centre, radius) for drop in drops]
            drops.append(circle(centre, radius, 700))
            inks.append(int(n * 3 + turn * (2 + n % 3)) % len(INKS))
    return drops, np.array(inks)


def _push(points: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    away = points - centre
    return centre + away * np.sqrt(1 + radius**2 / np.maximum((away**2).sum(1, keepdims=True), 1e-6))


def _tine(points: np.ndarray, place: np.ndarray, angle: float, pull: float, sharp: float) -> np.ndarray:
    """Draw tines along `angle` through every place (offsets across it); the ink follows less the farther it lies."""
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    off = np.min(np.abs((points @ across)[:, None] - place), 1)
    return points + along * (pull * sharp / (off + sharp))[:, None]


def _comb(points: np.ndarray) -> np.ndarray:
    """Down and up with a wide rake, across and back, then one fine comb downwards: the nonpareil."""
    wide = np.arange(-400, 1500, 128.0)
    points = _tine(points, wide - 1024, np.pi / 2, 190, 22)
    points = _tine(points, wide - 960, -np.pi / 2, 190, 22)
    fine = np.arange(-400, 1500, 43.0)
    return _tine(points, fine, 0.0, 74, 9)


def _curl(points: np.ndarray) -> np.ndarray:
    """Stir with a stylus here and there: the French curl."""
    for row in range(5):
        for column in range(5):
            centre = np.array([column * 256 + 128 * (row % 2), row * 240 + 30.0])
            away = points - centre
            far = np.hypot(*away.T)
            turn = 2.9 * np.exp(-((far / 62) ** 2))
            c, s = np.cos(turn), np.sin(turn)
            points = centre + np.stack([c * away[:, 0] - s * away[:, 1], s * away[:, 0] + c * away[:, 1]], 1)
    return points


def _print(drops: list[np.ndarray], inks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lift the bath onto paper: thin dark seams between the inks, a little granulation."""
    sheet = Sheet(SIZE, INKS[0])
    for drop, ink in zip(drops, inks, strict=True):
        sheet.fill(drop, ink)
        sheet.line(drop, ink * 0.55, 0.9, 0.55, closed=True)
    rgb = sheet.rgb()
    fine: Size = (rgb.shape[1], rgb.shape[0])
    tone = 1 + 0.030 * paper(fine, rng) + 0.05 * noise(fine, 160, rng, 2)
    return rgb * tone[..., None]
