"""A woodblock print of a rough sea: rows of leaning waves with striped flanks, foam claws and spray."""

import numpy as np

from training.styles.canvas import Sheet, finish, paper
from training.styles.fields import Size, circle, curve, grid, noise, ribbon, smoothstep, spaced
from training.styles.palettes import colours, jitter, ramp

SIZE: Size = (1024, 768)
INK, DEEP, BLUE, PALE, FOAM, PAPER, ROSE, GOLD = colours("14213f 1c3f73 3f78a8 9cc3c9 f5efdc ead9b0 d9896a e0a94f")
ROWS = 6


def draw(seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sheet = Sheet(SIZE, PAPER)
    _sky(sheet, rng)
    for row in range(ROWS):
        near = row / (ROWS - 1)
        _wave_row(sheet, 180 + 580 * near**1.05, 88 + 92 * near, row, rng)
    return finish(_printed(sheet.rgb(), rng), SIZE)


def _sky(sheet: Sheet, rng: np.random.Generator) -> None:
    """A graded sky, a sun, and drawn-out bands of cloud."""
    for y in range(0, 300, 2):
        band = np.array([[0, y], [SIZE[0], y], [SIZE[0], y + 3], [0, y + 3]])
        sheet.fill(band, ramp(np.stack([DEEP, PALE, PAPER, GOLD, ROSE]), y / 240))
    sheet.fill(circle(np.array([770, 92]), 62, 90), colours("c8452f")[0])
    for x, y in spaced((SIZE[0], 170), 78, rng, 200):
        knots = np.linspace(-1, 1, 30)
        spine = np.stack([x + knots * rng.uniform(90, 190), y + 5 * np.sin(knots * 4 + x)], 1)
        shape = ribbon(spine, 15 * (1 - knots**2) + 1.5)
        sheet.fill(shape, FOAM)
        sheet.line(shape, INK, 1.3, closed=True)


def _wave_row(sheet: Sheet, base: float, height: float, row: int, rng: np.random.Generator) -> None:
    """One row from left to right: crests of a trochoid that leans until it overhangs."""
    length = height * rng.uniform(2.5, 3.0)
    t = np.linspace(-2 * np.pi, (SIZE[0] / length + 2) * 2 * np.pi, 2400)
    sea = (base, height, length, rng.uniform(0, 1), 1 + 0.34 * np.sin(t * 0.41 + rng.uniform(0, 6.3)))
    crest = _profile(t, *sea, 0)
    floor = np.array([[crest[-1, 0], SIZE[1] + 200], [crest[0, 0], SIZE[1] + 200]])
    sheet.fill(np.vstack([crest, floor]), (DEEP, BLUE, DEEP)[row % 3])
    for k in range(1, 13):
        _stripe(sheet, t, sea, k, (row % 3 == 1))
    sheet.line(crest, INK, 3.2)
    _foam(sheet, t, crest, height, rng)


def _profile(t: np.ndarray, base: float, height: float, length: float, start: float, swell: np.ndarray, down: int) -> np.ndarray:
    """The crest line, or the line `down` steps below it, where the wave is flatter and leans less."""
    calm = 1 - 0.055 * down
    rise, peak = height * swell * calm, (0.5 + 0.5 * np.cos(t)) ** 2
    x = (t / (2 * np.pi) + start) * length + rise * calm * (0.62 * peak - 0.30 * np.sin(t))
    return np.stack([x, base + down * height * 0.125 - 0.60 * rise * (np.cos(t) - 0.3 * np.cos(2 * t) + 0.25 * peak * calm)], 1)


def _stripe(sheet: Sheet, t: np.ndarray, sea: tuple[float, float, float, float, np.ndarray], k: int, bright: bool) -> None:
    """A band that follows the crest further down, thick on the flank and thin in the trough."""
    spine, height = _profile(t, *sea, k), sea[1]
    thick = height * (0.012 + 0.04 * (0.5 + 0.5 * np.cos(t - 0.9)) ** 2)
    bands = (DEEP, PALE, FOAM, PALE) if bright else (BLUE, PALE, BLUE, FOAM)
    sheet.fill(ribbon(spine, thick * (2.0 if k % 2 else 1.1)), bands[k % 4])
    if k % 2:
        sheet.line(spine + np.array([0, height * 0.05]), INK, 1.3)


def _foam(sheet: Sheet, t: np.ndarray, crest: np.ndarray, height: float, rng: np.random.Generator) -> None:
    """Along each crest a white mane of lobes with claws hooked over the front, then flecks of spray."""
    walked = np.append(0, np.cumsum(np.hypot(*np.diff(crest, axis=0).T)))
    picks = np.unique(np.searchsorted(walked, np.arange(0, walked[-1], height * 0.07)).clip(0, len(t) - 1))
    power = smoothstep(-0.15, 0.95, np.cos(t - 0.15))
    picks = picks[power[picks] > 0.05]
    for i in picks:
        _claw(sheet, crest[i], height * (0.06 + 0.25 * power[i] ** 1.5) * rng.uniform(0.7, 1.25), rng)
    lobes = [(crest[i] + rng.normal(0, 0.02 * height, 2), height * (0.022 + 0.062 * power[i]) * rng.uniform(0.7, 1.3)) for i in picks]
    for grow, colour in ((1.6, INK), (0.0, FOAM)):
        for centre, radius in lobes:
            sheet.dot(centre, radius + grow, colour)
    for centre, radius in lobes:
        turn = np.linspace(-0.4, 1.4, 8)
        sheet.line(centre + 0.6 * radius * np.stack([np.cos(turn), np.sin(turn)], 1), PALE, 1.5)
    _spray(sheet, crest[picks[power[picks] > 0.7]], height, rng)


def _spray(sheet: Sheet, tops: np.ndarray, height: float, rng: np.random.Generator) -> None:
    for top in tops[rng.integers(0, len(tops), 130)]:
        drop = top + height * np.array([rng.normal(0.22, 0.3), -abs(rng.normal(0.10, 0.2))])
        radius = rng.uniform(1.3, 3.8)
        sheet.dot(drop, radius + 0.9, INK)
        sheet.dot(drop, radius, FOAM)


def _claw(sheet: Sheet, root: np.ndarray, length: float, rng: np.random.Generator) -> None:
    """A finger of foam that curls over and down, with small nails."""
    lean = rng.uniform(-0.35, 0.5)
    bend = np.array([[0, 0], [0.42, 0.02 + lean * 0.3], [0.72, 0.34 + lean], [0.60, 0.78 + lean]])
    spine = curve(root + bend * length, 18)
    width = length * 0.30 * (1 - np.linspace(0, 1, 18) ** 1.4) + 1.2
    sheet.fill(ribbon(spine, width + 3.0), INK)
    for k in (7, 11, 15):
        nail = curve(np.stack([spine[k], spine[k] + [length * 0.17, length * 0.02], spine[k] + [length * 0.19, length * 0.19]]), 8)
        sheet.fill(ribbon(nail, np.linspace(width[k] * 0.8, 1.0, 8) + 2.6), INK)
        sheet.fill(ribbon(nail, np.linspace(width[k] * 0.8, 1.0, 8)), FOAM)
    sheet.fill(ribbon(spine, width), FOAM)
    sheet.line(spine[2:-4] + np.array([0, width.max() * 0.12]), PALE, 1.5)


def _printed(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The press: wood grain in the flat colours, a mottled ink film and the paper's fibres."""
    fine: Size = (rgb.shape[1], rgb.shape[0])
    _, y = grid(fine)
    rings = np.sin((y + 70 * noise(fine, (900, 160), rng, 2)) / 3.1 + 2 * noise(fine, (300, 20), rng, 2))
    film = 1 + 0.045 * rings + 0.045 * noise(fine, 5, rng, 2) + 0.05 * noise(fine, 240, rng, 2) + 0.02 * paper(fine, rng)
    lifted = smoothstep(1.7, 2.6, noise(fine, 7, rng, 2))[..., None] * 0.35
    return jitter(PAPER, rng, 0) * lifted + rgb * film[..., None] * (1 - lifted)
