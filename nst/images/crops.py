"""A part of a picture, quarter turns of it, and a small angle that straightens it."""

from dataclasses import dataclass
from math import cos, radians, sin

from PIL import Image

MAX_ANGLE = 15.0
_TURNS = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)  # Pillow's turn counter-clockwise


@dataclass(frozen=True)
class Crop:
    """
    Attributes:
        turns: quarter turns clockwise, from 0 to 3.
        left, top, right, bottom: what is kept of the turned picture, as fractions of its width and height.
        angle: degrees clockwise by which the turned picture is turned further about its centre before the part is taken, from -15 to 15.
            What is kept of the part has its shape and is inside the picture: it is as large as fits, and moved as little as possible.
    """

    turns: int = 0
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0
    angle: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it changes nothing."""
        return self == Crop()

    def of(self, picture: Image.Image) -> Image.Image:
        """A new picture, with one pixel at least."""
        method = _TURNS[self.turns]
        turned = picture.transpose(method) if method is not None else picture
        if self.angle:
            return self._straightened(turned)
        left, top = min(round(self.left * turned.width), turned.width - 1), min(round(self.top * turned.height), turned.height - 1)
        right, bottom = max(round(self.right * turned.width), left + 1), max(round(self.bottom * turned.height), top + 1)
        return turned.crop((left, top, right, bottom))

    def _straightened(self, picture: Image.Image) -> Image.Image:
        """The part, computed at once: a whole picture at an angle would take as much memory again."""
        along, across = cos(radians(self.angle)), sin(radians(self.angle))
        width, height = max(1.0, (self.right - self.left) * picture.width), max(1.0, (self.bottom - self.top) * picture.height)
        wide, high = width * along + height * abs(across), width * abs(across) + height * along  # in the directions of the picture's sides
        scale = min(1.0, picture.width / wide, picture.height / high)
        size = max(1, int(width * scale)), max(1, int(height * scale))
        x, y = ((self.left + self.right - 1) / 2 * picture.width, (self.top + self.bottom - 1) / 2 * picture.height)
        centre_x = _within(x * along + y * across, (picture.width - wide * scale) / 2) + picture.width / 2
        centre_y = _within(y * along - x * across, (picture.height - high * scale) / 2) + picture.height / 2
        first_x = centre_x - (size[0] * along + size[1] * across) / 2
        first_y = centre_y - (size[1] * along - size[0] * across) / 2
        places = (along, across, first_x, -across, along, first_y)  # of a pixel of the part in the picture
        return picture.transform(size, Image.Transform.AFFINE, places, Image.Resampling.BICUBIC)


def _within(value: float, reach: float) -> float:
    return max(-reach, min(reach, value))
