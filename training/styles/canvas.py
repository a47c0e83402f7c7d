"""What the programs draw on: an antialiased sheet, and a painting that also records the thickness of its paint.

Coordinates are picture pixels; the sheet itself is SCALE times finer, and `finish` brings it down at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import skia

from training.styles.fields import Size, noise

SCALE = 2


class Sheet:
    """A skia surface over a numpy array; without a ground it is transparent."""

    def __init__(self, size: Size, ground: np.ndarray | float | None = None) -> None:
        self.size = size
        self._bytes = np.zeros((size[1] * SCALE, size[0] * SCALE, 4), np.uint8)
        self._surface = skia.Surface(self._bytes, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
        self.canvas = self._surface.getCanvas()
        if ground is not None:
            self.canvas.clear(_colour(ground))
        self.canvas.scale(SCALE, SCALE)

    def fill(self, outline: np.ndarray, colour: np.ndarray | float, alpha: float = 1.0, blur: float = 0.0) -> None:
        paint = skia.Paint(AntiAlias=True, Color4f=_colour(colour, alpha))
        if blur:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        self.canvas.drawPath(_path(outline, closed=True), paint)

    def line(
        self, points: np.ndarray, colour: np.ndarray | float, width: float, alpha: float = 1.0, *, closed: bool = False, flat: bool = False
    ) -> None:
        cap = skia.Paint.kButt_Cap if flat else skia.Paint.kRound_Cap
        paint = skia.Paint(
            AntiAlias=True,
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=float(width),
            StrokeCap=cap,
            StrokeJoin=skia.Paint.kRound_Join,
            Color4f=_colour(colour, alpha),
        )
        self.canvas.drawPath(_path(points, closed=closed), paint)

    def dot(self, centre: np.ndarray, radius: float, colour: np.ndarray | float, alpha: float = 1.0) -> None:
        paint = skia.Paint(AntiAlias=True, Color4f=_colour(colour, alpha))
        self.canvas.drawCircle(float(centre[0]), float(centre[1]), float(radius), paint)

    @contextmanager
    def clip(self, outline: np.ndarray) -> Iterator[None]:
        """Inside this block only what falls within the outline is drawn."""
        self.canvas.save()
        self.canvas.clipPath(_path(outline, closed=True), doAntiAlias=True)
        yield
        self.canvas.restore()

    def rgb(self) -> np.ndarray:
        """(H, W, 3) floats from 0 to 1, SCALE times the picture's size."""
        self._surface.flushAndSubmit()
        return self._bytes[..., :3].astype(np.float32) / 255

    def cover(self) -> np.ndarray:
        """(H, W) opacity from 0 to 1."""
        self._surface.flushAndSubmit()
        return self._bytes[..., 3].astype(np.float32) / 255


class Painting:
    """Two sheets drawn together: the colour, and the height of the paint."""

    def __init__(self, size: Size, ground: np.ndarray | float, height: float = 0.3) -> None:
        self.size, self.colour, self.relief = size, Sheet(size, ground), Sheet(size, height)

    def line(self, points: np.ndarray, colour: np.ndarray, width: float, height: float, alpha: float = 1.0) -> None:
        self.colour.line(points, colour, width, alpha)
        self.relief.line(points, height, width, alpha)

    def lines(self, bundle: np.ndarray, colours: np.ndarray, width: float, heights: np.ndarray, alpha: float = 1.0) -> None:
        """Many lines (n, k, 2) of one width, each with its own colour and height; the quick way."""
        pen = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=float(width), StrokeCap=skia.Paint.kRound_Cap)
        for points, rgb, height in zip(bundle.tolist(), colours.tolist(), heights.tolist(), strict=True):
            path = skia.Path.Polygon([skia.Point(x, y) for x, y in points], False)
            pen.setColor4f(skia.Color4f(*rgb, alpha))
            self.colour.canvas.drawPath(path, pen)
            pen.setColor4f(skia.Color4f(height, height, height, alpha))
            self.relief.canvas.drawPath(path, pen)

    def fill(self, outline: np.ndarray, colour: np.ndarray, height: float) -> None:
        self.colour.fill(outline, colour)
        self.relief.fill(outline, height)

    @contextmanager
    def clip(self, outline: np.ndarray) -> Iterator[None]:
        with self.colour.clip(outline), self.relief.clip(outline):
            yield

    def lit(self, depth: float = 6.0, gloss: float = 0.25, weave: float = 0.0, rng: np.random.Generator | None = None) -> np.ndarray:
        """The colour under a lamp at the upper left, thick paint casting light and shade."""
        height = cv2.GaussianBlur(self.relief.rgb()[..., 0], (0, 0), 0.9)
        if weave and rng is not None:
            height = height + weave * canvas_weave(height.shape[::-1], rng)
        return light(self.colour.rgb(), height, depth, gloss)


def light(rgb: np.ndarray, height: np.ndarray, depth: float = 6.0, gloss: float = 0.25) -> np.ndarray:
    """Bump-map `rgb` by `height`: diffuse shade around 1, and a soft highlight where the surface faces the lamp."""
    broad = height + cv2.GaussianBlur(height, (0, 0), 3.0)
    down, across = np.gradient(broad)
    slope = depth * (across + 1.1 * down) * 0.67  # towards the upper left
    shade = 1 - 0.75 * np.tanh(slope * 0.55)
    shine = gloss * np.clip(-slope - 0.35, 0, 1.2) ** 2
    return np.clip(rgb * shade[..., None] + shine[..., None], 0, 1)


def canvas_weave(size: Size, rng: np.random.Generator) -> np.ndarray:
    """The over-and-under of a linen canvas, mean near 0."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    wander = noise(size, 90, rng, 2) * 1.5
    return np.sin((x + wander) * 0.95) * np.sin((y - wander) * 0.95) + 0.4 * noise(size, 5, rng, 1)


def paper(size: Size, rng: np.random.Generator, cell: float = 4.0) -> np.ndarray:
    """The tooth of a rough paper, mean 0 and deviation 1."""
    field = noise(size, cell, rng, 2) + 0.6 * noise(size, cell * 4, rng, 2) + 0.3 * noise(size, (cell * 10, cell), rng, 1)
    return field / field.std()


def finish(rgb: np.ndarray, size: Size) -> np.ndarray:
    """Down to the picture's size, as bytes."""
    return (cv2.resize(np.clip(rgb, 0, 1).astype(np.float32), size, interpolation=cv2.INTER_AREA) * 255 + 0.5).astype(np.uint8)


def _colour(value: np.ndarray | float, alpha: float = 1.0) -> skia.Color4f:
    red, green, blue = np.broadcast_to(value, 3)
    return skia.Color4f(float(red), float(green), float(blue), float(alpha))


def _path(points: np.ndarray, closed: bool) -> skia.Path:
    return skia.Path.Polygon([skia.Point(x, y) for x, y in points.tolist()], closed)
