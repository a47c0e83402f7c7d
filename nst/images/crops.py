"""A part of a picture, and quarter turns of it."""

from dataclasses import dataclass

from PIL import Image

_TURNS = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)  # Pillow's turn counter-clockwise


@dataclass(frozen=True)
class Crop:
    """
    Attributes:
        turns: quarter turns clockwise, from 0 to 3.
        left, top, right, bottom: what is kept of the turned picture, as fractions of its width and height.
    """

    turns: int = 0
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether it changes nothing."""
        return self == Crop()

    def of(self, picture: Image.Image) -> Image.Image:
        """A new picture, with one pixel at least."""
        method = _TURNS[self.turns]
        turned = picture.transpose(method) if method is not None else picture
        left, top = min(round(self.left * turned.width), turned.width - 1), min(round(self.top * turned.height), turned.height - 1)
        right, bottom = max(round(self.right * turned.width), left + 1), max(round(self.bottom * turned.height), top + 1)
        return turned.crop((left, top, right, bottom))
