"""Regions: parts of a painting that have styles of their own, or stay the photo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nst.domain.style_ref import StyleRef
from nst.errors import InvalidParams

MAX_REGIONS = 8
MAX_STYLE_MASKS = 8
"""Masks of parts of style pictures, of all regions of a painting together."""
SHAPE_TOLERANCE = 0.02
"""The greatest relative difference between the aspect ratios of a mask and its photo."""
AUTOMATIC = ("sky", "faces", "subject", "background", "light", "dark")
"""Regions that are found in the photo, by name, and need no mask."""
NAMES = f"{', '.join(AUTOMATIC)}, or a colour: colour:#4466aa, colour:#4466aa:30 with a tolerance from 1 to 100"
"""What a name in place of a mask can be, for people."""
DEFAULT_TOLERANCE = 20
_COLOUR = re.compile(r"colour:#?([0-9a-f]{6})(?::([1-9][0-9]?|100))?", re.ASCII | re.IGNORECASE)

Rgb = tuple[int, int, int]


def is_automatic(mask: str) -> bool:
    """Whether it names a region that is found in the photo: one of `AUTOMATIC`, or a colour (see `colour_of`)."""
    return mask in AUTOMATIC or colour_of(mask) is not None


def colour_of(mask: str) -> tuple[Rgb, int] | None:
    """The colour and the tolerance of a name such as `colour:#4466aa` or `colour:#4466aa:30`; None for another name.

    It means all places of the photo whose colour is near that one. The tolerance is a distance in CIELAB, from 1 to 100.
    """
    found = _COLOUR.fullmatch(mask)
    if found is None:
        return None
    red, green, blue = bytes.fromhex(found[1])
    return (red, green, blue), int(found[2] or DEFAULT_TOLERANCE)


@dataclass(frozen=True)
class RegionRef:
    """A region of a job. Later regions cover earlier ones; what no region covers has the painting's own styles.

    Attributes:
        mask_key: the object key of its mask, a grey picture that is white inside; or the name of a region that is found (see
            `is_automatic`); empty in a record that was read for somebody who may not see the mask.
        styles: none where the photo is kept.
        strength: None for the painting's.
    """

    mask_key: str
    styles: tuple[StyleRef, ...] = ()
    strength: float | None = None

    @property
    def is_automatic(self) -> bool:
        return is_automatic(self.mask_key)

    @property
    def object_keys(self) -> tuple[str, ...]:
        """The keys of its pictures in the object store."""
        masks = (self.mask_key, *(style.part for style in self.styles if style.part))
        return (*(key for key in masks if "/" in key), *(style.name for style in self.styles if style.is_upload))

    @property
    def without_masks(self) -> "RegionRef":
        """The region for somebody who may not see its masks."""
        styles = tuple(style if style.part and is_automatic(style.part) else replace(style, part=None) for style in self.styles)
        return replace(self, mask_key=self.mask_key if self.is_automatic else "", styles=styles)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values, ready for JSON."""
        return {
            "mask": self.mask_key,
            "styles": [[style.name, style.share, style.digest, *([style.part] if style.part else [])] for style in self.styles],
            "strength": self.strength,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RegionRef":
        """Convert plain values as of `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: when they have another form.
        """
        strength = values["strength"]
        styles = tuple(StyleRef(str(name), float(share), digest, *map(str, part)) for name, share, digest, *part in values["styles"])
        return cls(str(values["mask"]), styles, None if strength is None else float(strength))


def have_same_shape(picture: tuple[int, int], photo: tuple[int, int]) -> bool:
    """Whether the aspect ratios of two sizes are the same up to `SHAPE_TOLERANCE`, or the rounding of a side."""
    return abs(picture[0] * photo[1] - picture[1] * photo[0]) <= max(SHAPE_TOLERANCE * picture[1] * photo[0], *photo)


def check_mask_shape(mask: tuple[int, int], photo: tuple[int, int]) -> None:
    """
    Args:
        mask, photo: width and height in pixels.

    Raises:
        InvalidParams: when their aspect ratios differ by more than `SHAPE_TOLERANCE`, and not only by the rounding of a side.
    """
    if not have_same_shape(mask, photo):
        sizes = f"The mask measures {mask[0]} x {mask[1]} pixels and the photo {photo[0]} x {photo[1]}"
        raise InvalidParams(f"{sizes}; a mask must have the photo's shape, in any size.")
