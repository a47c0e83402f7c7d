"""Prints on paper: the size in pixels that `--print` asks for, what is said about it, and the resolution of the files."""

from dataclasses import dataclass, replace
from typing import Any

from nst.domain import PRINT_DPI, PrintRequest, StyleParams, in_centimetres, in_inches, print_size
from nst.domain.prints import MIN_DPI, checked_dpi
from nst.errors import DoesNotFit, InvalidParams

Size = tuple[int, int]


@dataclass(frozen=True)
class Printing:
    """How the paintings of a run are printed.

    Attributes:
        dpi: that files carry.
        request: the paper; None without `--print`.
    """

    dpi: int = PRINT_DPI
    request: PrintRequest | None = None

    @property
    def facts(self) -> dict[str, Any] | None:
        """What recipes say of it; None for what is so by default."""
        if self.request is None:
            return None if self.dpi == PRINT_DPI else {"dpi": self.dpi}
        return {"paper": self.request.paper, "dpi": self.dpi}

    def params_for(self, photo: Size, params: StyleParams) -> StyleParams:
        """The parameters with the size that the paper needs.

        Raises:
            DoesNotFit: when a painting cannot have that size.
        """
        return params if self.request is None else replace(params, size=self.request.size_for(photo))

    def warning(self, photo: Size) -> str | None:
        """A sentence about a photo that is small for its print."""
        request = self.request
        if request is None or not request.is_too_large_for(photo):
            return None
        return (
            f"The photo has {photo[0]} x {photo[1]} pixels, and the print {request.size_for(photo)} on the long side: it will lack detail. "
            "Use a larger photo or a smaller print."
        )

    def described(self, size: Size) -> str:
        """How large a painting prints, for the end of a sentence; "" without `--print`."""
        if self.request is None:
            return ""
        inches = print_size(size, self.dpi)
        return f", prints {in_centimetres(inches)} ({in_inches(inches)}) at {self.dpi} dpi"

    def explained(self, error: DoesNotFit) -> DoesNotFit:
        """The error in terms of the print."""
        if self.request is None:
            return error
        fewer = f"less than --dpi {self.dpi}, or " if self.dpi > MIN_DPI else ""
        return DoesNotFit(f"{error} For a print of {self.request.paper}, choose {fewer}a smaller paper.")


DEFAULT_PRINTING = Printing()


def plan(text: str | None, dpi: int, params: StyleParams) -> Printing:
    """What `--print` and `--dpi` ask for.

    Raises:
        InvalidParams: for a print without two sides and a unit, values out of range, and a print with --size.
    """
    if text is None:
        return Printing(checked_dpi(dpi))
    if params.size is not None:
        raise InvalidParams("--print and --size both set the painting's size. Leave one out.")
    return Printing(dpi, PrintRequest.parse(text, dpi))
