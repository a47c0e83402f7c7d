"""Orphic discs: concentric rings cut into quarters, every piece brushed along its arc, in simultaneous contrasts."""

import numpy as np

from training.styles.brushes import Brush, paint
from training.styles.canvas import Painting, finish
from training.styles.fields import Size, within
from training.styles.palettes import colours, jitter

SIZE: Size = (1024, 1024)
WHEEL = colours("f3e9cf f0b429 e2552d b3203c 5e2a78 1d3a94 2f86c9 8cc7cf 1f7a5c 0f1838 f08f6b f7f2e2")
DISCS = (
    (300, 330, 300),
    (770, 250, 235),
    (730, 740, 315),
    (190, 830, 215),
    (500, 560, 120),
    (985, 510, 120),
    (500, 60, 105),
    (455, 965, 120),
)
BRUSH = Brush(width=16, bristle=2.5, streak=0.03, ridge=0.25, rough=0.13, ragged=0.1, round=4.0)


def draw(seed: int = 9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = Painting(SIZE, WHEEL[-1])
    _ground(picture, rng)
    for x, y, radius in DISCS:
        _disc(picture, np.array([x, y]), radius, rng)
    return finish(picture.lit(depth=4.5, gloss=0.15, weave=0.015, rng=rng), SIZE)


def _ground(picture: Painting, rng: np.random.Generator) -> None:
    """Behind the discs: slanting bands crossed by a second set, a colour to every cell."""
    for i, low in enumerate(range(-500, 1500, 118)):
        for j, left in enumerate(range(-500, 1500, 150)):
            cell = np.array([[left, low], [left + 150, low], [left + 150, low + 118], [left, low + 118]], float)
            cell[:, 1] += 0.42 * cell[:, 0] - 200
            cell[:, 0] -= 0.28 * cell[:, 1] - 120
            if (cell.max(0) < 0).any() or (cell.min(0) > SIZE).any():
                continue
            _brushed(picture, cell, WHEEL[(5 * i + 3 * j + i * j) % len(WHEEL)], None, rng)


def _disc(picture: Painting, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """Rings from the outside in; each ring is cut in four or eight, neighbours far apart on the wheel."""
    edges = np.linspace(radius, radius * 0.11, max(4, round(radius / 38)))
    tilt, last = rng.uniform(0, np.pi / 2), 0
    for k, (outer, inner) in enumerate(zip(edges, [*edges[1:], 0.0], strict=True)):
        cuts = 1 if inner == 0 else (8 if rng.random() < 0.25 and k < 3 else 4)
        for quarter in range(cuts):
            turn = tilt + np.linspace(quarter, quarter + 1, 120 // cuts) * 2 * np.pi / cuts
            last = (last + int(rng.integers(2, 6))) % len(WHEEL)
            arc = np.stack([np.cos(turn), np.sin(turn)], 1)
            outline = centre + (np.vstack([outer * arc, inner * arc[::-1]]) if inner else outer * arc)
            _brushed(picture, outline, WHEEL[last], centre, rng)


def _brushed(picture: Painting, outline: np.ndarray, colour: np.ndarray, centre: np.ndarray | None, rng: np.random.Generator) -> None:
    """Fill an outline with strokes: round the centre, or else along the outline's long side; a dark breath at the border."""
    places = within(outline, 13, rng)
    way = outline[1] - outline[0]
    knots = np.linspace(-35, 35, 6)[None, :, None] * (way / np.linalg.norm(way))
    spines = places[:, None] + knots if centre is None else _arcs(places, centre)
    shade = jitter(np.repeat(colour[None], len(places), 0), rng, 0.024, 0.07, 0.05)
    with picture.clip(outline):
        picture.fill(outline, colour, 0.4)
        paint(picture, spines, shade, jitter(shade, rng, 0.035, 0.08, 0.07), BRUSH, rng)
    picture.colour.line(outline, colour * 0.35, 1.6, 0.55, closed=True)
    picture.relief.line(outline, 0.12, 2.2, 0.8, closed=True)


def _arcs(places: np.ndarray, centre: np.ndarray) -> np.ndarray:
    away = places - centre
    far, turn = np.hypot(*away.T), np.arctan2(away[:, 1], away[:, 0])
    swing = np.clip(34 / np.maximum(far, 8), 0, 1.2)[:, None] * np.linspace(-1, 1, 7)
    return centre + far[:, None, None] * np.stack([np.cos(turn[:, None] + swing), np.sin(turn[:, None] + swing)], -1)
