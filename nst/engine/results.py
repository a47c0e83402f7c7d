"""What a painter tells on its way, and what it hands over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from nst.domain import Progress


@dataclass(frozen=True)
class Iterate(Progress):
    """Progress, with the painting as it is: `preview(max_side)` makes a picture of it, so call it only when one is shown."""

    preview: Callable[[int], Image.Image] = field(kw_only=True, repr=False)


@dataclass(frozen=True)
class Result:
    """A painting, and how to make it again.

    Attributes:
        picture: RGB, or RGBA where the photo was transparent.
        recipe: everything it was made with, ready for JSON.
        stopped: True when `should_stop` ended it early.
    """

    picture: Image.Image
    recipe: dict[str, Any]
    stopped: bool
