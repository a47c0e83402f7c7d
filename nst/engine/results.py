"""The result of a rendering."""

from dataclasses import dataclass
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class Result:
    """A painting, and how to make it again.

    Attributes:
        picture: RGB, or RGBA where the photo was transparent.
        recipe: everything it was made with, ready for JSON.
        stopped: whether `should_stop` ended it early.
    """

    picture: Image.Image
    recipe: dict[str, Any]
    stopped: bool
