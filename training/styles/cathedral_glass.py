"""A window of leaded glass: a rose of rings and petals, rays around it, every pane streaked and lit from behind."""

import cv2
import numpy as np
from scipy import ndimage

from training.styles.canvas import SCALE, finish
from training.styles.fields import Size, grid, noise, smoothstep, spaced
from training.styles.palettes import colours, jitter

SIZE = (1024, 1024)
FINE: Size = (SIZE[0] * SCALE, SIZE[1] * SCALE)
GLASS = colours("f8cc48 f2902a de3a20 b8162c fae6a0 1546a0 2f86d6 8fd0ee 0f2a6b 1d8a8e 4b2f8e 2f6fd0")
WARM, COOL = (0, 1, 2, 3, 4, 4), (5, 6, 7, 8, 9, 10, 11, 6)
ROSES = ((690, 350, 245), (215, 760, 150), (120, 150, 95), (900, 905, 110))
RINGS = ((2, 2), (8, 6), (0, 1), (3, 5), (7, 10))  # the two glasses that alternate round each ring of a rose


def draw(seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    panes, tints = _panes(rng)
    lead = _lead(panes, rng)
    glass = _glass(panes, tints, lead, rng)
    return finish(_came(glass, lead), SIZE)


def _panes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number for every pane (H, W), and for every number its glass."""
    x, y = (a / SCALE for a in grid(FINE))
    bent = 26 * noise(FINE, 700, rng, 1)
    waves = np.floor((y + 42 * np.sin(x / 165 + y / 300) + bent) / 66)
    rays = np.floor(np.arctan2(y - ROSES[0][1], x - ROSES[0][0] + 0.5) / (2 * np.pi) * 22 + 0.002 * bent)
    cells, tint = waves * 64 + rays, np.full(x.shape, -1)
    for k, rose in enumerate(ROSES):
        cell, disc, glass = _rose(x, y, rose, k)
        cells, tint = np.where(disc, 5000 * (k + 1) + cell, cells), np.where(disc, glass, tint)
    panes, count = ndimage.label(_edges(cells) == 0)
    tints = ndimage.maximum(tint, panes, np.arange(count + 1)).astype(int)
    free = np.where(rng.random(count + 1) < 0.28, rng.choice(WARM, count + 1), rng.choice(COOL, count + 1))
    return panes, np.where(tints < 0, free, tints)


def _rose(x: np.ndarray, y: np.ndarray, rose: tuple[int, int, int], kind: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rings of rounded petals about an eye: a number for each pane, the disc itself, and the glass."""
    cx, cy, radius = rose
    far, turn = np.hypot(x - cx, y - cy) / radius, np.arctan2(y - cy, x - cx) / (2 * np.pi) % 1
    petals = 12 if radius > 120 else 8
    round_ = far - 0.075 * np.abs(np.sin(turn * petals * np.pi)) * (far < 0.92) + 0.045
    ring = np.searchsorted([0.17, 0.38, 0.64, 0.90], round_)
    slots = np.array([1, petals, petals, petals, petals * 2])[ring]
    slot = np.floor(turn * slots) % slots
    pairs = np.roll(np.array(RINGS), kind, axis=1)
    return ring * 100 + slot, far < 1, pairs[ring, (slot % 2).astype(int)]


def _edges(panes: np.ndarray) -> np.ndarray:
    flat = panes.astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    return (cv2.dilate(flat, kernel) != cv2.erode(flat, kernel)).astype(np.uint8)


def _lead(panes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Signed distance into the lead, in fine pixels: positive on the came, negative on the glass."""
    away = cv2.distanceTransform((panes > 0).astype(np.uint8), cv2.DIST_L2, 5)
    return 7.5 + 1.1 * noise(FINE, 60, rng, 2) - away


def _glass(panes: np.ndarray, tints: np.ndarray, lead: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Panes lit from behind, streaked and a little milky, brighter in their middle."""
    rgb = jitter(GLASS[tints], rng, 0.03, 0.1, 0.06)[panes]
    streaks = _streaks(panes, rng)
    bright = 0.92 + 0.10 * streaks + 0.08 * noise(FINE, 220, rng, 2) + 0.14 * smoothstep(0, 46, -lead)
    milk = np.clip(0.05 * streaks + 0.08 * noise(FINE, 150, rng, 3), 0, 0.4)[..., None]
    rgb = rgb * (1 - milk) + milk
    return np.clip(rgb * bright[..., None] + _seeds(rng)[..., None], 0, 1)


def _streaks(panes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drawn-out swirls in the glass; every pane was cut from the sheet at its own turn."""
    sheets = np.stack([noise(FINE, (190, 13), rng, 3), noise(FINE, (13, 190), rng, 3), noise(FINE, 44, rng, 3)])
    which = rng.integers(0, 3, panes.max() + 1)[panes]
    return np.take_along_axis(sheets, which[None], 0)[0]


def _seeds(rng: np.random.Generator) -> np.ndarray:
    """Small air bubbles, a spark on one side and a shadow on the other."""
    sparks = np.zeros((FINE[1], FINE[0]), np.float32)
    for x, y in spaced(FINE, 60, rng, 900).astype(int):
        cv2.circle(sparks, (int(x), int(y)), int(rng.integers(2, 5)), 1.0, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(sparks, (0, 0), 1.2)
    return 0.6 * (soft - np.roll(soft, (2, 2), (0, 1)))


def _came(glass: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """Lay the lead over the glass: a round bar with a line of light, and its shade on the panes."""
    shade = smoothstep(-16, 1, lead)[..., None] * 0.5
    bar = smoothstep(-1, 1, lead)[..., None]
    down, across = np.gradient(cv2.GaussianBlur(np.clip(lead, 0, 9), (0, 0), 2.0))
    metal = 0.10 + 0.30 * np.clip(-(down + across) * 0.8, 0, 1) ** 1.5
    metal = metal[..., None] * np.array([0.85, 0.92, 1.0])
    return glass * (1 - shade) * (1 - bar) + metal * bar
