"""Prints: how many pixels a paper needs, and how large a painting prints. Exact arithmetic, in fractions of an inch."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from nst.domain.params import range_of
from nst.errors import DoesNotFit, InvalidParams

PRINT_DPI = 300
"""Pixels per inch that files of paintings carry, unless another number is asked for."""
MIN_DPI, MAX_DPI = 30, 1200
MAX_SIDE_CM = 1000
ENLARGED = 3
"""Times that a photo's sides can be enlarged before its print is likely to lack detail."""

CM = Fraction(50, 127)  # of an inch
_UNITS = {"cm": CM, "mm": CM / 10, "in": Fraction(1)}
_PAPER = re.compile(r"\s*(\d{1,5}(?:\.\d{1,3})?)\s*[x\u00d7]\s*(\d{1,5}(?:\.\d{1,3})?)\s*(cm|mm|in)\s*", re.IGNORECASE | re.ASCII)


class Inches(NamedTuple):
    """Width and height of a print."""

    width: Fraction
    height: Fraction


@dataclass(frozen=True)
class PrintRequest:
    """The paper that a painting is for, and its pixels per inch.

    Attributes:
        paper: as it was written, for instance "30 x 20 cm".
        long, short: its sides in inches. A paper is turned to suit the photo, so that there is no width and no height.
    """

    paper: str
    long: Fraction
    short: Fraction
    dpi: int

    @classmethod
    def parse(cls, text: str, dpi: int = PRINT_DPI) -> "PrintRequest":
        """
        Args:
            text: two sides and a unit: "30x20cm", "297 x 210 mm", "8x12in".

        Raises:
            InvalidParams: for another form, and for sides or dpi out of range.
        """
        found = _PAPER.fullmatch(text)
        if found is None:
            raise InvalidParams(f"A print has two sides and a unit, cm, mm or in, as 30x20cm or 12x8in; it is {text!r}.")
        first, second, unit = found[1], found[2], found[3].lower()
        sides = sorted(Fraction(side) * _UNITS[unit] for side in (first, second))
        if not sides[0] or sides[1] > MAX_SIDE_CM * CM:
            raise InvalidParams(f"The sides of a print must be above 0 and at most {MAX_SIDE_CM} cm; they are {text!r}.")
        return cls(f"{first} x {second} {unit}", sides[1], sides[0], checked_dpi(dpi))

    def size_for(self, photo: tuple[int, int]) -> int:
        """The long side in pixels of the largest painting of the photo's aspect ratio that fits on the paper.

        Args:
            photo: width and height in pixels.

        Raises:
            DoesNotFit: when a painting cannot have so many or so few pixels.
        """
        aspect = Fraction(max(photo), min(photo))
        size, (least, most) = min(int(self.long * self.dpi), int(int(self.short * self.dpi) * aspect)), map(int, range_of("size"))
        what = f"A print of {self.paper} at {self.dpi} dpi"
        if size > most:
            dpi = int(most / min(self.long, self.short * aspect))
            advice = f"Choose {dpi} dpi or less, or a smaller paper." if dpi >= MIN_DPI else "Choose a smaller paper."
            raise DoesNotFit(f"{what} needs {size} pixels on the long side; at most {most} can be painted. {advice}")
        if size < least:
            raise DoesNotFit(f"{what} has {size} pixels on the long side; a painting needs {least}. Choose a larger paper or more dpi.")
        return size

    def is_too_large_for(self, photo: tuple[int, int]) -> bool:
        """Whether the painting has so many more pixels than the photo that the print is likely to lack detail."""
        return self.size_for(photo) > ENLARGED * max(photo)


def checked_dpi(dpi: int) -> int:
    """
    Raises:
        InvalidParams: when it is out of range.
    """
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise InvalidParams(f"The dpi of a print must be from {MIN_DPI} to {MAX_DPI}; it is {dpi}.")
    return dpi


def print_size(size: tuple[int, int], dpi: int = PRINT_DPI) -> Inches:
    """How large a picture prints.

    Args:
        size: width and height in pixels.
    """
    return Inches(*(Fraction(side, dpi) for side in size))


def in_centimetres(size: Inches) -> str:
    """For instance "17 x 8.7 cm"."""
    return f"{centimetres(size.width)} x {centimetres(size.height)} cm"


def in_inches(size: Inches) -> str:
    """For instance "6.8 x 4.5 in"."""
    return f"{inches(size.width)} x {inches(size.height)} in"


def centimetres(length: Fraction) -> str:
    """A length in inches as a number of centimetres: with a digit after the point below 10."""
    return inches(length / CM)


def inches(length: Fraction) -> str:
    """As `centimetres`, in inches."""
    return f"{float(length):.{0 if length >= 10 else 1}f}".removesuffix(".0")
