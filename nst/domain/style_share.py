"""A style with its share in a blend."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from nst.errors import InvalidParams

S = TypeVar("S")


@dataclass(frozen=True)
class StyleShare(Generic[S]):
    """A style, in whatever form its user has it, and its share in a blend. Shares count relative to their sum.

    Attributes:
        style: a picture, the bytes of one, an object key, features.
        share: finite and not negative.

    Raises:
        InvalidParams: when the share is negative or not finite.
    """

    style: S
    share: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.share) and self.share >= 0):
            raise InvalidParams(f"A style's share must be a number that is not negative; it is {self.share:g}.")


def normalised_shares(styles: Iterable[StyleShare[S]]) -> list[StyleShare[S]]:
    """The styles with a share above zero, in their order, with shares that sum to 1.

    Raises:
        InvalidParams: when there is none.
    """
    present = [style for style in styles if style.share > 0]
    total = sum(style.share for style in present)
    if not present or math.isinf(total):
        raise InvalidParams("A painting needs at least one style with a share above zero.")
    return [StyleShare(style.style, style.share / total) for style in present]
