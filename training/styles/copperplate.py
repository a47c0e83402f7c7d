"""An engraving: swelling lines wrapped round hill behind hill, crossed where the shade is deep, two inks on cream paper."""

import cv2
import numpy as np

from training.styles.canvas import SCALE, finish, paper
from training.styles.fields import Size, grid, noise, smoothstep
from training.styles.palettes import colours

SIZE: Size = (1024, 832)
FINE: Size = (SIZE[0] * SCALE, SIZE[1] * SCALE)
INK, RUST, PAPER = colours("14182e a8431f f3e7c9")
GAP = 21.0  # between lines, in fine pixels
LAMP = np.array([-0.78, -0.30, 0.55])


def draw(seed: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rgb = np.broadcast_to(PAPER, (FINE[1], FINE[0], 3)).copy()
    wobble = noise(FINE, 150, rng, 3)
    for row in range(11):
        places = np.arange(-100, FINE[0] + 300, 330) + rng.uniform(-150, 150)
        for x in rng.permutation(places):
            y = FINE[1] * (0.16 + 0.105 * row) + rng.normal(0, 40)
            reach = np.array([rng.uniform(230, 380), rng.uniform(230, 360)])
            rgb = _dome(rgb, np.array([x, y]), reach, wobble, rng)
    stock = 1 + 0.025 * paper(FINE, rng) + 0.03 * noise(FINE, 500, rng, 2)
    return finish(rgb * stock[..., None], SIZE)


def _dome(rgb: np.ndarray, centre: np.ndarray, reach: np.ndarray, wobble: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Engrave one hill over what lies behind it."""
    low = np.clip(centre - reach * 1.15, 0, FINE).astype(int)
    high = np.clip(centre + reach * 1.15, 0, FINE).astype(int)
    if (high - low < 20).any():
        return rgb
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    x, y = ((a[window] - c) / r for a, c, r in zip(grid(FINE), centre, reach, strict=True))
    far = np.hypot(x, y) * (1 + 0.035 * wobble[window])
    inside = smoothstep(1.0, 0.995, far)[..., None]
    engraved = _engrave(rgb[window], x, y, far, reach, wobble[window], rng)
    rgb[window] = rgb[window] * (1 - inside) + engraved * inside
    return rgb


def _engrave(
    under: np.ndarray, x: np.ndarray, y: np.ndarray, far: np.ndarray, reach: np.ndarray, wobble: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Paper, then three courses of lines: along the slope, across it in rust, and a third only in the deepest shade."""
    rise = np.sqrt(np.clip(1 - far**2, 0, 1))
    lamp = LAMP[0] * x + LAMP[1] * y + LAMP[2] * rise
    tone = 0.74 - 0.72 * lamp + 0.12 * wobble + 0.52 * smoothstep(-0.65, 0.15, y)
    turn = rng.normal(0.0, 0.25)
    across, down = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    slope = reach.mean() * (np.arctan2(down, rise + 0.35) + 0.05 * wobble)
    meridian = reach.mean() * (np.arctan2(across, rise + 0.35) + 0.04 * wobble)
    rgb = np.broadcast_to(PAPER, under.shape)
    courses = (
        (meridian, GAP * 0.95, smoothstep(0.38, 1.15, tone), RUST),
        (slope, GAP, smoothstep(0.02, 1.05, tone), INK),
        (slope * 0.7 + meridian * 0.7, GAP * 0.95, smoothstep(0.72, 1.25, tone), INK),
    )
    for phase, gap, weight, ink in courses:
        line = _lines(phase, gap, weight)[..., None]
        rgb = rgb * (1 - line) + ink * line
    rim = smoothstep(0.975, 0.985, far)[..., None]
    return rgb * (1 - rim) + INK * rim


def _lines(phase: np.ndarray, gap: float, weight: np.ndarray) -> np.ndarray:
    """Coverage of a line at every whole `phase / gap`, as thick as the weight asks; where lines crowd, every other one ends."""
    down, across = np.gradient(cv2.GaussianBlur(phase.astype(np.float32), (0, 0), 1.5))
    steep = np.clip(np.hypot(across, down), 0.05, 20)
    course = gap * np.exp2(np.round(np.log2(steep)))
    off = np.abs(phase / course - np.round(phase / course)) * course / steep
    half = 0.5 * course / steep * np.clip(0.9 * weight, 0, 0.9)
    return np.clip(half - off + 0.5, 0, 1) * smoothstep(0.0, 0.05, weight)
