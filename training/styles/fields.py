"""Scalar and vector fields to draw by: smooth noise, flows, blue-noise points and simple plane geometry.

Sizes are (width, height) in picture pixels, arrays are (height, width), points are (n, 2) as x, y.
"""

import cv2
import numpy as np

Size = tuple[int, int]


def grid(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """The x and y of every pixel."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    return x, y


def noise(size: Size, cell: float | tuple[float, float], rng: np.random.Generator, octaves: int = 3) -> np.ndarray:
    """Smooth noise, mean 0 and deviation 1; features are about `cell` pixels (a pair: across and down)."""
    across, down = (cell, cell) if isinstance(cell, int | float) else cell
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(octaves):
        nx, ny = (int(np.ceil(side / step * 2**octave)) + 3 for side, step in zip(size, (across, down), strict=True))
        nx, ny = min(nx, size[0]), min(ny, size[1])
        lattice = rng.normal(size=(ny, nx)).astype(np.float32)
        total += cv2.resize(lattice, size, interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return (total - total.mean()) / total.std()


def unit(field: np.ndarray) -> np.ndarray:
    """Squeeze noise of mean 0 into 0 to 1."""
    return 1 / (1 + np.exp(-1.7 * field))


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def sample(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Read (H, W, ...) at the (..., 2) points, nearest pixel, clamped to the edge."""
    x = np.clip(points[..., 0], 0, field.shape[1] - 1).astype(int)
    y = np.clip(points[..., 1], 0, field.shape[0] - 1).astype(int)
    return field[y, x]


def along(potential: np.ndarray) -> np.ndarray:
    """Angles (H, W) that run along the level lines of a potential."""
    down, across = np.gradient(cv2.GaussianBlur(potential.astype(np.float32), (0, 0), 1.5))
    return np.arctan2(across, -down)


def trace(angles: np.ndarray, starts: np.ndarray, lengths: np.ndarray | float, knots: int = 12) -> np.ndarray:
    """Follow the angles from all (n, 2) starts at once, half of the length each way: spines (n, knots, 2)."""
    step = np.broadcast_to(np.asarray(lengths, float), len(starts)) / (knots - 1)
    halves: list[list[np.ndarray]] = [[], []]
    for sign, half in zip((-1, 1), halves, strict=True):
        here, last = starts.astype(float), None
        for _ in range(knots // 2 + (sign > 0)):
            angle = sample(angles, here)
            way = np.stack([np.cos(angle), np.sin(angle)], -1) * sign
            if last is not None:  # a flow has no sign where its angle wraps
                way *= np.sign((way * last).sum(-1, keepdims=True) + 1e-9)
            half.append(here)
            here, last = here + way * step[:, None], way
    return np.stack(halves[0][:0:-1] + halves[1], 1)


def scatter(size: Size, gap: float, rng: np.random.Generator, margin: float = 20.0) -> np.ndarray:
    """Points about `gap` apart in random order: a jittered hexagonal grid, which is blue noise enough and instant."""
    rows = np.arange(-float(margin), size[1] + margin, gap * 0.87)
    columns = np.arange(-float(margin), size[0] + margin, gap)
    x, y = np.meshgrid(columns, rows)
    x[1::2] += gap / 2
    points = np.stack([x.ravel(), y.ravel()], -1) + rng.uniform(-0.4, 0.4, (x.size, 2)) * gap
    return rng.permutation(points)


def within(outline: np.ndarray, gap: float, rng: np.random.Generator, margin: float = 8.0) -> np.ndarray:
    """Scattered points inside an outline, or no farther than `margin` from it."""
    low, span = outline.min(0), np.ptp(outline, axis=0)
    points = scatter((int(span[0]) + 1, int(span[1]) + 1), gap, rng, margin) + low
    ring = outline.astype(np.float32)[:, None]
    return points[[cv2.pointPolygonTest(ring, (float(x), float(y)), True) > -margin for x, y in points]]


def spaced(size: Size, gap: float, rng: np.random.Generator, tries: int = 4000, margin: float = 0.0) -> np.ndarray:
    """Poisson-disc points by throwing darts: no two nearer than `gap`."""
    low, high = np.array([-margin, -margin]), np.array(size) + margin
    kept = np.empty((0, 2))
    for dart in rng.uniform(low, high, (tries, 2)):
        if not len(kept) or np.min(((kept - dart) ** 2).sum(1)) > gap * gap:
            kept = np.vstack([kept, dart])
    return kept


def curve(points: np.ndarray, knots: int = 60, closed: bool = False) -> np.ndarray:
    """A Catmull-Rom curve through the points, as (knots, 2)."""
    ends = (points[-1:], points[:2]) if closed else (2 * points[:1] - points[1:2], 2 * points[-1:] - points[-2:-1])
    p = np.vstack([ends[0], points, ends[1]])
    t = np.linspace(0, len(p) - 3 - 1e-6, knots)
    i = t.astype(int)
    u = (t - i)[:, None]
    a, b, c, d = (p[i + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3)


def circle(centre: np.ndarray, radius: float, knots: int = 48, wobble: float = 0.0, rng: np.random.Generator | None = None) -> np.ndarray:
    """A circle as a polygon; with a wobble, one cut by hand."""
    turn = np.linspace(0, 2 * np.pi, knots, endpoint=False)
    reach = np.full(knots, float(radius))
    if wobble and rng is not None:
        for wave in (2, 3, 5):
            reach *= 1 + wobble / wave * np.sin(wave * turn + rng.uniform(0, 6.3))
    return np.asarray(centre) + np.stack([np.cos(turn), np.sin(turn)], -1) * reach[:, None]


def normals(points: np.ndarray) -> np.ndarray:
    """Unit normals of (..., k, 2) lines."""
    tangent = np.gradient(points, axis=-2)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True) + 1e-9
    return np.stack([-tangent[..., 1], tangent[..., 0]], -1)


def ribbon(spine: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """The outline of a line that is `width` wide (a number, or one for each knot)."""
    side = normals(spine) * np.broadcast_to(np.asarray(width, float) / 2, len(spine))[:, None]
    return np.vstack([spine + side, (spine - side)[::-1]])
