"""The regions that words on the command line describe: masks with styles, or parts of the photo to keep."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from nst import images
from nst.cli.inputs import NamedStyle, load_styles, style_facts
from nst.cli.sources import Source, address_source, file_source, path_from
from nst.cli.style_parts import split_styles
from nst.cli.terminal import decode_names
from nst.domain import StyleParams, StyleShare
from nst.domain.regions import NAMES, check_mask_shape, colour_of, is_automatic
from nst.errors import FileUnreadable, InvalidImage, InvalidParams, PasticheError
from nst.images import Limits
from nst.styles import Catalogue

REST = "rest"
"""What no region covers, in place of a mask."""


@dataclass(frozen=True)
class NamedRegion:
    """A region of every photo of a run.

    Attributes:
        mask: an automatic region's name, a file, an address, or a folder with one mask for each photo.
        styles: none where the photo is kept.
    """

    mask: str
    limits: Limits
    styles: Sequence[StyleShare[NamedStyle]] = ()
    strength: float | None = None

    def source(self, photo: Source) -> Source | None:
        """The mask of a photo; None for an automatic region.

        Raises:
            FileUnreadable: when a folder has none, or cannot be read.
        """
        if is_automatic(self.mask):
            return None
        path = path_from(self.mask)
        if not os.path.isdir(path):  # noqa: PTH112  # Path.is_dir may raise, for instance for names too long
            return address_source(self.mask, self.limits) or file_source(path, self.limits)
        stem = Path(photo.name).stem
        try:
            found = sorted(file for file in path.iterdir() if file.stem == stem and images.has_input_suffix(file))
        except OSError as error:
            raise FileUnreadable(f"The folder {path} cannot be read. Check its permissions.") from error
        if not found:
            raise FileUnreadable(f"The folder {path} has no mask for {photo.name}. It should be called {stem}.png.")
        return file_source(found[0], self.limits)

    def facts(self, source: Source | None) -> dict[str, Any]:
        """What a recipe says of the region, ready for JSON. `source` is that of the mask."""
        return {
            "mask": decode_names(source.name if source else self.mask),
            "mask_sha256": source.digest() if source else None,
            **style_facts(self.styles),
            "strength": self.strength,
        }

    def picture(self, source: Source | None, content: Image.Image) -> Image.Image:
        """The mask from its source, for the photo `content`.

        Raises:
            FileUnreadable, InvalidImage: when it cannot be used. The sentence names it.
        """
        if source is None:
            from nst.engine.region_proposals import propose

            return propose(content, self.mask)
        try:
            mask = images.mask_of(source.read())
        except PasticheError as error:
            raise type(error)(f"{source.name}: {error}") from error
        try:
            check_mask_shape(mask.size, content.size)
        except InvalidParams as error:  # concerns this photo only
            raise InvalidImage(f"{source.name}: {error}") from error
        return mask


@dataclass(frozen=True)
class Parts:
    """
    Attributes:
        rest: words for the styles of the rest, if a region is called so.
        rest_strength: the strength given with them.
    """

    regions: Sequence[NamedRegion]
    rest: Sequence[str]
    rest_strength: float | None = None


def parse(painted: Sequence[str], kept: Sequence[str], catalogue: Catalogue, limits: Limits) -> Parts:
    """Regions in their order. Those that are kept cover the others.

    Args:
        painted: MASK=STYLE, with more styles after +, the mask of a style's part after @, and a strength after a colon. `rest` is a mask,
            too.
        kept: masks.

    Raises:
        InvalidParams: when a word has another form, or a strength is out of range.
        UnknownStyle, FileUnreadable, InvalidImage: for a style that cannot be used, or a mask that is missing.
    """
    regions, rest, rest_strength = [], [], None
    for word in painted:
        mask, equals, description = word.partition("=")
        if not mask or not equals or not description:
            raise InvalidParams(f"A region needs a mask and a style, for instance sky.png=starlit-swirl; it is {word!r}.")
        styles, strength = _styles_and_strength(description)
        if mask == REST:
            rest, rest_strength = styles, strength
        else:
            regions.append(NamedRegion(mask, limits, load_styles(styles, [], catalogue, limits), strength))
    regions += [NamedRegion(mask, limits) for mask in kept]
    for region in regions:
        _check_exists(region.mask, limits)
    return Parts(regions, rest, rest_strength)


def _styles_and_strength(description: str) -> tuple[list[str], float | None]:
    words, _, number = description.rpartition(":")
    if colour_of(description.rpartition("@")[2]):  # what follows its last colon is a tolerance, or the colour itself
        return split_styles(description), None
    try:
        strength = float(number) if words else math.nan
    except ValueError:
        strength = math.nan
    if math.isnan(strength):
        return split_styles(description), None
    StyleParams(strength=strength)
    return split_styles(words), strength


def _check_exists(mask: str, limits: Limits) -> None:
    """
    Raises:
        FileUnreadable: for a mask that is neither an automatic region nor a file, folder or address.
    """
    if is_automatic(mask) or os.path.lexists(path_from(mask)) or address_source(mask, limits):
        return
    raise FileUnreadable(f"There is no mask {mask!r}: neither a file nor one of {NAMES}. Check its name and folder.")
