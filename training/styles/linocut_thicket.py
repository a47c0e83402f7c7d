"""A two-block linocut: black leaves with gouged veins over a blended ochre block, chatter marks left in the ground."""

import numpy as np

from training.styles.canvas import Sheet, finish
from training.styles.fields import Size, curve, noise, normals, ribbon, scatter, smoothstep, spaced, trace
from training.styles.palettes import colours

SIZE: Size = (820, 1024)
INK, PAPER = colours("14171f f5ecd6")
BLOCK = colours("f5c64f ef8a2e d8452c 2a8f8a a9d6c2 f3d9a0")


def draw(seed: int = 23) -> np.ndarray:
    rng = np.random.default_rng(seed)
    key = Sheet(SIZE, 0.0)  # the black block: 0 prints, 1 is carved away
    tint = Sheet(SIZE, PAPER)
    _chatter(key, rng)
    leaves = spaced(SIZE, 88, rng, 5000, margin=40)
    for n, root in enumerate(leaves[np.argsort(-leaves[:, 1] + rng.normal(0, 90, len(leaves)))]):
        _leaf(key, tint, root, n, rng)
    return finish(_print(key, tint, rng), SIZE)


def _chatter(key: Sheet, rng: np.random.Generator) -> None:
    """Short tapered gouge marks that run round the picture, where the ground was cleared but not quite."""
    angles = 0.8 * noise(SIZE, 260, rng, 2) + np.pi / 3
    points = scatter(SIZE, 17.0, rng)
    for spine in trace(angles, points, rng.uniform(24, 50, len(points)), 6):
        key.fill(ribbon(spine, np.array([0.6, 4.2, 6.4, 6.8, 4.8, 0.6]) * rng.uniform(0.6, 1.2)), 1.0)


def _leaf(key: Sheet, tint: Sheet, root: np.ndarray, n: int, rng: np.random.Generator) -> None:
    """One leaf, cut clear of what lies behind it: every fourth stays black with gouged veins, the rest print in colour."""
    turn, reach, kind = rng.normal(-np.pi / 2, 0.75), rng.uniform(150, 260), n % 4
    way = np.array([np.cos(turn), np.sin(turn)])
    bow = np.array([-way[1], way[0]]) * rng.normal(0, 0.16) * reach
    spine = curve(np.stack([root - way * reach * 0.5, root + bow, root + way * reach * 0.5]), 48)
    t = np.linspace(0, 1, 48)
    wide = reach * rng.uniform(0.30, 0.50) * np.sin(np.pi * t**0.8) ** 0.85 + 1
    outline = ribbon(spine, wide)
    key.fill(ribbon(spine, wide + 14), 0.0)
    key.line(outline, 1.0, 5.0, closed=True)
    key.fill(outline, 0.0)
    black = kind == 1
    tint.fill(ribbon(spine, wide + 8), PAPER if black else BLOCK[rng.integers(len(BLOCK))])
    if not black:
        key.fill(ribbon(spine, np.maximum(wide - 8, 0.5)), 1.0)
    _veins(key, spine, wide, float(black), kind, rng)


def _veins(key: Sheet, spine: np.ndarray, wide: np.ndarray, cut: float, kind: int, rng: np.random.Generator) -> None:
    """A midrib and pairs of side veins; between them finer gouges that start at the rib and die out."""
    side = normals(spine)
    way = np.stack([side[:, 1], -side[:, 0]], 1)
    key.fill(ribbon(spine[2:-3], np.linspace(8.0, 1.6, len(spine) - 5)), cut)
    step, slant, thick = ((5, 0.75, 6.0), (4, 0.55, 6.4), (6, 0.9, 7.5), (4, 0.7, 5.0))[kind]
    for k in range(4, 44, step):
        for sign in (1, -1):
            reach = wide[k] * 0.5 * rng.uniform(0.74, 0.92)
            tip = spine[k] + side[k] * sign * reach + way[k] * reach * slant
            bend = (spine[k] + tip) / 2 + way[k] * reach * -0.10
            vein = curve(np.stack([spine[k] + side[k] * sign * 3.5, bend, tip]), 10)
            key.fill(ribbon(vein, thick * np.linspace(1.15, 0.12, 10) * rng.uniform(0.8, 1.2)), cut)


def _print(key: Sheet, tint: Sheet, rng: np.random.Generator) -> np.ndarray:
    """Colour block first, then the black: ink lies unevenly, with salt where it missed and a soft squeeze at edges."""
    black = 1 - key.rgb()[..., 0]
    fine: Size = (black.shape[1], black.shape[0])
    salt = smoothstep(1.35, 2.3, noise(fine, 4, rng, 2) + 0.35 * noise(fine, 130, rng, 2))
    press = 1 + 0.05 * noise(fine, 6, rng, 2) + 0.05 * noise(fine, 300, rng, 2)
    colour = tint.rgb() * press[..., None]
    thin = (1 - 0.45 * smoothstep(1.2, 2.2, noise(fine, 5, rng, 2)))[..., None]
    colour = colour * thin + PAPER * (1 - thin)
    film = (black * (1 - 0.85 * salt) * 0.97)[..., None]
    return colour * (1 - film) + INK * (1 + 0.25 * noise(fine, 9, rng, 2))[..., None] * film
