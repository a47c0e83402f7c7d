"""Synthetic style pictures for training: photos painted by a program.

Strokes are painted from coarse to fine where the painting differs from the photo (Hertzmann 1998, "Painterly rendering with curved brush
strokes of multiple sizes"). Kind, size, direction and colours of the strokes and the ground are random for each picture.
"""

import math
import random

import cv2
import numpy as np

from training.styles.fields import noise


def paint_synthetic(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paint a photo, (H, W, 3) bytes, with random strokes; randomness also comes from `random`."""
    size = (photo.shape[1], photo.shape[0])
    wanted = _with_fewer_colours(photo, rng) if random.random() < 0.4 else photo
    ground = np.array(random.choice(([245, 240, 228], [20, 18, 24], wanted.mean((0, 1)), wanted[0, 0])), np.uint8)
    canvas = np.broadcast_to(ground, photo.shape).copy()
    kind, angles = random.choice(_KINDS), _directions(photo, rng)
    width = 2 ** random.uniform(1.6, 4.6)
    slenderness, looseness = 2 ** random.uniform(0, 3), random.uniform(0, 0.12)
    for layer in range(random.randint(1, 3)):
        tool = max(1.5, width / 2**layer)
        seen = cv2.GaussianBlur(wanted, (0, 0), tool / 2)
        places = _places(size, tool * random.uniform(0.5, 1.1), rng)
        if layer:
            missing = np.abs(cv2.GaussianBlur(canvas, (0, 0), tool).astype(np.int16) - seen).max(2)
            places = places[missing[places[:, 1], places[:, 0]] > random.randint(20, 70)]
        x, y = places.T
        colours = seen[y, x] + 255 * rng.normal(0, looseness, (len(places), 1)) + 255 * rng.normal(0, looseness / 2, (len(places), 3))
        turned = angles[y, x] + rng.normal(0, random.choice((0.05, 0.2, 0.6)), len(places))
        for place, angle, colour in zip(places, turned, colours.clip(0, 255), strict=True):
            kind(canvas, place, angle, tool, tool * slenderness, colour.tolist())
    return _finished(canvas, photo, rng)


def _with_fewer_colours(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Quantise a photo to a few of its own colours."""
    few = photo.reshape(-1, 3)[rng.integers(0, photo.shape[0] * photo.shape[1], random.randint(3, 10))].astype(np.int32)
    distances = np.stack([((photo.astype(np.int32) - colour) ** 2).sum(2) for colour in few])
    return few[distances.argmin(0)].astype(np.uint8)


def _directions(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Directions of strokes, (H, W) in radians: along the photo's edges, parallel, in swirls, or in between."""
    grey = cv2.GaussianBlur(photo.mean(2).astype(np.float32), (0, 0), random.choice((2, 4)))
    down, across = np.gradient(grey)
    swirl = noise((photo.shape[1], photo.shape[0]), random.uniform(20, 120), rng, 1) * random.uniform(0, 1.6)
    way = random.uniform(0, math.pi) + swirl
    along, share = np.arctan2(across, -down), random.choice((0.0, 0.5, 1.0)) * np.hypot(down, across) / 4
    # doubled angles are averaged: opposite directions are the same stroke
    return 0.5 * np.arctan2(np.sin(2 * way) + share * np.sin(2 * along), np.cos(2 * way) + share * np.cos(2 * along))


def _places(size: tuple[int, int], spacing: float, rng: np.random.Generator) -> np.ndarray:
    """Jittered grid positions, about one in every square of side `spacing`, in random order: (n, 2) whole pixels."""
    spacing = max(spacing, 2)
    x, y = np.meshgrid(*(np.arange(0, side, spacing) for side in size))
    places = np.stack([x.ravel(), y.ravel()], 1) + rng.uniform(-0.5, 0.5, (x.size, 2)) * spacing
    return rng.permutation(places.clip(0, np.array(size) - 1).astype(int))


def _box(place: np.ndarray, angle: float, width: float, length: float) -> np.ndarray:
    """Corners of a rectangular stroke, (4, 2)."""
    along = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    beside = np.array([-along[1], along[0]]) * (width / length)
    return np.stack([place + along + beside, place + along - beside, place - along - beside, place - along + beside])


def _line(canvas: np.ndarray, place: np.ndarray, angle: float, width: float, length: float, colour: list[float]) -> None:
    far, near = (place + sign * length / 2 * np.array([math.cos(angle), math.sin(angle)]) for sign in (1, -1))
    cv2.line(canvas, near.astype(int).tolist(), far.astype(int).tolist(), colour, max(1, round(width)), cv2.LINE_AA)


def _bristles(canvas: np.ndarray, place: np.ndarray, angle: float, width: float, length: float, colour: list[float]) -> None:
    beside = np.array([-math.sin(angle), math.cos(angle)])
    count = max(2, min(6, round(width / 2)))
    for index in range(count):
        light = random.uniform(0.8, 1.2)
        spine = place + beside * width * ((index + 0.5) / count - 0.5)
        _line(canvas, spine, angle, width / count * 1.3, length * random.uniform(0.7, 1), [min(255, light * value) for value in colour])


def _slab(canvas: np.ndarray, place: np.ndarray, angle: float, width: float, length: float, colour: list[float]) -> None:
    cv2.fillConvexPoly(canvas, _box(place, angle, width, length).astype(np.int32), colour, cv2.LINE_AA)


def _tile(canvas: np.ndarray, place: np.ndarray, angle: float, width: float, _length: float, colour: list[float]) -> None:
    corners = _box(place, angle, width, width).astype(np.int32)
    cv2.fillConvexPoly(canvas, corners, colour, cv2.LINE_AA)
    cv2.polylines(canvas, [corners], True, [0.3 * value for value in colour], 1, cv2.LINE_AA)


def _facet(canvas: np.ndarray, place: np.ndarray, angle: float, width: float, _length: float, colour: list[float]) -> None:
    corners = place + width * np.array([[math.cos(angle + turn), math.sin(angle + turn)] for turn in (0, 2.1, 4.2)])
    cv2.fillConvexPoly(canvas, corners.astype(np.int32), colour, cv2.LINE_AA)


def _dot(canvas: np.ndarray, place: np.ndarray, _angle: float, width: float, _length: float, colour: list[float]) -> None:
    cv2.circle(canvas, place.tolist(), max(1, round(width / 2)), colour, -1, cv2.LINE_AA)


def _ring(canvas: np.ndarray, place: np.ndarray, _angle: float, width: float, _length: float, colour: list[float]) -> None:
    cv2.circle(canvas, place.tolist(), max(1, round(width * 0.7)), colour, max(1, round(width / 5)), cv2.LINE_AA)


_KINDS = (_line, _line, _bristles, _bristles, _slab, _tile, _facet, _dot, _ring)


def _finished(canvas: np.ndarray, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add dark outlines, hatching in the shadows and a texture of the ground, each with some probability."""
    result = canvas.astype(np.float32)
    if random.random() < 0.3:
        edges = cv2.Canny(cv2.GaussianBlur(photo, (0, 0), 1.2), 60, 140)
        ink = cv2.GaussianBlur(cv2.dilate(edges, np.ones((random.randint(1, 4),) * 2, np.uint8)), (0, 0), 0.6)
        result *= 1 - random.uniform(0.5, 1) * ink[..., None] / 255
    if random.random() < 0.12:
        y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
        way, period = random.uniform(0, math.pi), random.uniform(3, 9)
        lines = np.sin((x * math.cos(way) + y * math.sin(way)) * 2 * math.pi / period + noise(photo.shape[1::-1], 30, rng, 1))
        shade = 1 - photo.mean(2) / 255
        result *= 1 - random.uniform(0.4, 1) * (lines < 2 * shade - 1)[..., None]
    if random.random() < 0.4:
        texture = noise(photo.shape[1::-1], random.uniform(1, 5), rng, 1)
        result *= 1 + random.uniform(0.02, 0.12) * texture[..., None]
    return np.clip(result, 0, 255).astype(np.uint8)
