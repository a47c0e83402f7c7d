"""Small pictures, as images and as files' bytes."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def picture_bytes(width: int = 96, height: int = 64, mode: str = "RGB", colour: Any = "teal") -> bytes:
    buffer = BytesIO()
    Image.new(mode, (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def half_mask(width: int = 96, height: int = 64) -> bytes:
    """White on the left, black on the right."""
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (0, 0, width // 2, height))
    buffer = BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


def noise_bytes(width: int, height: int, format: str, quality: int) -> bytes:
    """What takes many bytes."""
    buffer = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, format, quality=quality)
    return buffer.getvalue()


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth random colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
