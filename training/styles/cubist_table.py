"""Analytic cubism: a table of bottles, strings and fruit broken into shaded facets, brushed in short parallel touches."""

import numpy as np

from training.styles.brushes import Brush, paint
from training.styles.canvas import Painting, finish
from training.styles.fields import Size, circle, within
from training.styles.palettes import colours, jitter, ramp

SIZE: Size = (832, 1024)
FAMILIES = [
    colours(text)
    for text in (
        "17191f 4a3626 a8763e e6c88d fbf0d2",
        "10141c 26405a 6d8ea3 c3d2cf f6f1df",
        "1b1512 5e2a1c b2502c e59a5c f8ddb0",
        "12170f 3a4a34 86916a d0cfa0 f7f2d6",
        "101014 3b3a40 85817c c9c1b0 f8f4e6",
    )
]
INK = colours("120f10")[0]
BRUSH = Brush(width=9.5, bristle=2.1, streak=0.03, ridge=0.28, rough=0.14, ragged=0.12, round=4.0)


def draw(seed: int = 27) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = Painting(SIZE, FAMILIES[0][1])
    frame = np.array([[-20, -20], [SIZE[0] + 20, -20], [SIZE[0] + 20, SIZE[1] + 20], [-20, SIZE[1] + 20]], float)
    for facet in _shatter(frame, rng):
        _facet(picture, facet, rng)
    for outline in _things(rng):
        _facet(picture, outline, rng, depth=0.85)
    _contours(picture, rng)
    return finish(picture.lit(depth=4.2, gloss=0.12, weave=0.015, rng=rng), SIZE)


def _shatter(polygon: np.ndarray, rng: np.random.Generator, level: int = 0) -> list[np.ndarray]:
    """Split by lines that keep to a few directions until the facets are hand-sized."""
    span = np.ptp(polygon, axis=0)
    if level > 9 or span.max() < rng.uniform(95, 210):
        return [polygon]
    turn = rng.choice([0.35, 1.05, 1.9, 2.6]) + rng.normal(0, 0.12)
    across = np.array([-np.sin(turn), np.cos(turn)])
    sides = polygon @ across
    cut = sides.min() + np.ptp(sides) * rng.uniform(0.32, 0.68)
    return [piece for sign in (1, -1) for piece in _shatter(_half(polygon, across * sign, cut * sign), rng, level + 1)]


def _half(polygon: np.ndarray, across: np.ndarray, cut: float) -> np.ndarray:
    """The part of a convex polygon on one side of a line."""
    off, kept = polygon @ across - cut, []
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        if off[i] <= 0:
            kept.append(polygon[i])
        if off[i] * off[j] < 0:
            kept.append(polygon[i] + (polygon[j] - polygon[i]) * off[i] / (off[i] - off[j]))
    return np.array(kept)


def _things(rng: np.random.Generator) -> list[np.ndarray]:
    """Glimpses of a guitar, glasses and a bottle: arcs and slabs cut by a straight edge."""
    found = []
    for _ in range(17):
        centre, radius = rng.uniform(0.08, 0.92, 2) * SIZE, rng.uniform(42, 120)
        turn = rng.choice([0.35, 1.05, 1.9, 2.6])
        across = np.array([-np.sin(turn), np.cos(turn)]) * rng.choice([-1, 1])
        found.append(_half(circle(centre, radius, 70), across, centre @ across + radius * rng.uniform(-0.1, 0.35)))
    for _ in range(9):
        x, y = rng.uniform(0.1, 0.9, 2) * SIZE
        w, h, lean = rng.uniform(22, 46), rng.uniform(90, 210), rng.normal(0, 0.35)
        found.append(np.array([[x - w, y - h], [x + w, y - h], [x + w + lean * h, y + h], [x - w + lean * h, y + h]]))
    return found


def _facet(picture: Painting, outline: np.ndarray, rng: np.random.Generator, depth: float = 1.0) -> None:
    """One plane: light along one edge sinking to dark along the other, in touches laid one way."""
    if len(outline) < 3:
        return
    places = within(outline, 8.5, rng)
    turn = rng.choice([0.35, 1.05, 1.9, 2.6])
    fall = np.array([np.cos(turn), np.sin(turn)])
    where = places @ fall
    tone = (where - where.min()) / max(np.ptp(where), 1)
    family = FAMILIES[rng.choice(len(FAMILIES), p=[0.3, 0.27, 0.18, 0.1, 0.15])]
    bottom, top = np.sort(rng.uniform(0, 1, 2) * [0.6, 0.5] + [0.0, 0.5])
    first = jitter(ramp(family, bottom + (top - bottom) * tone**1.3), rng, 0.028, 0.1, 0.08)
    touch = turn + np.pi / 2 + rng.normal(0, 0.15, len(places))
    spines = places[:, None] + np.linspace(-14, 14, 4)[:, None] * np.stack([np.cos(touch), np.sin(touch)], -1)[:, None]
    with picture.clip(outline):
        paint(picture, spines, first, jitter(first, rng, 0.03, 0.1, 0.08), BRUSH, rng)
    _edge(picture, outline, rng, depth)


def _edge(picture: Painting, outline: np.ndarray, rng: np.random.Generator, depth: float) -> None:
    """A charcoal line along part of the border, breaking off as cubist edges do."""
    start, run = rng.integers(len(outline)), max(2, round(len(outline) * rng.uniform(0.45, 0.9)))
    points = np.roll(outline, -start, axis=0)[:run]
    picture.colour.line(points, INK, rng.uniform(2.0, 4.5), 0.85 * depth)
    picture.colour.line(points + np.array([2.5, 3.0]), INK, 7.0, 0.12)


def _contours(picture: Painting, rng: np.random.Generator) -> None:
    """Strings, staves and scraps of arcs drawn over everything."""
    for _ in range(7):
        start, turn, length = rng.uniform(0.1, 0.9, 2) * SIZE, rng.choice([0.35, 1.05, 1.9]), rng.uniform(130, 300)
        way = np.array([np.cos(turn), np.sin(turn)])
        for k in range(5):
            off = np.array([-way[1], way[0]]) * k * 7.5
            picture.line(np.stack([start + off, start + off + way * length]), INK if k % 2 else FAMILIES[0][4], 1.6, 0.6, 0.85)
    for _ in range(16):
        arc = circle(rng.uniform(0, 1, 2) * SIZE, rng.uniform(30, 110), 80)
        first = rng.integers(40)
        picture.line(arc[first : first + 34], INK, rng.uniform(2, 4), 0.6, 0.9)
