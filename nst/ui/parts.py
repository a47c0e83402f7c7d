"""The parts of a photo that have styles of their own, or stay as they are in the photo; and the styles that are chosen for each."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from nst.domain import AUTOMATIC, MAX_REGIONS, StyleShare, new_id
from nst.preview import Strokes

OWN = "*"  # stands for a style picture of the visitor's own; further ones are "*2", "*3" …; ids of styles have no such character
KEEP = "="  # stands for the photo itself
TITLES = {name: name.capitalize() for name in AUTOMATIC}
REST = "Everything else"
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#bbbbbb")
"""Of the parts, in this order. People with any kind of colour vision can tell them apart (Okabe and Ito 2008)."""


def is_own(style: str) -> bool:
    return style.startswith(OWN)


def own_title(style: str) -> str:
    """What a style picture of the visitor's own is called."""
    return f"Your picture {style.removeprefix(OWN)}".rstrip()


@dataclass
class Selection:
    """The styles that are chosen for the photo or for one of its parts.

    Attributes:
        chosen: one or two styles, as ids or names of own pictures; or KEEP alone.
        second_share: the second style's share, in percent.
    """

    chosen: list[str] = field(default_factory=list)
    mixing: bool = False
    second_share: int = 50

    def key_of(self, name: str) -> str:
        """The session-state key of a widget of this selection. Each has its own: what a page sends late must not reach another one."""
        return name

    @property
    def keeps_photo(self) -> bool:
        return self.chosen == [KEEP]

    def choose(self, style: str) -> None:
        """Chooses a style instead of the present one. While mixing, it becomes the second style; a chosen one is deselected."""
        if KEEP in (style, *self.chosen):
            self.chosen = [style]
        elif style in self.chosen:
            self.chosen = [name for name in self.chosen if name != style] or [style]
        else:
            self.chosen = [*self.chosen[:1], style] if self.mixing else [style]

    def mix(self, mixing: bool) -> None:
        self.mixing = mixing
        if not mixing:
            self.chosen = self.chosen[:1]

    def shares(self) -> tuple[StyleShare[str], ...]:
        """The chosen styles with their shares; none where the photo is kept."""
        if self.keeps_photo:
            return ()
        shares = (100 - self.second_share, self.second_share) if len(self.chosen) == 2 else (1.0,)
        return tuple(map(StyleShare, self.chosen, shares))

    def copy_choice(self, other: "Selection") -> None:
        self.chosen, self.mixing, self.second_share = [*other.chosen], other.mixing, other.second_share


@dataclass(frozen=True)
class Mask:
    """An 8-bit grey PNG, white inside."""

    png: bytes


@dataclass(frozen=True)
class Drawn:
    """What a visitor has drawn to have a region found, as masks; see `nst.preview.Strokes`. While it is kept, its memory is counted."""

    inside: Mask | None = None
    outside: Mask | None = None
    around: Mask | None = None

    @property
    def masks(self) -> tuple[Mask | None, ...]:
        return (self.inside, self.outside, self.around)

    @property
    def strokes(self) -> Strokes:
        return Strokes(*(mask.png if mask else b"" for mask in self.masks))


@dataclass
class StylePart:
    """The part of a style picture whose style is used.

    Attributes:
        id: unique. The page draws under this name.
        is_used: whether the visitor wants it. What is drawn is kept while it is off.
        kind: the name of a region that is found in the picture, until something is drawn; or "".
        ratio: of the picture, width over height.
        mask: None while nothing is drawn: the whole picture is used.
        rev, note, is_missed: as of `Part`.
    """

    id: str = field(default_factory=new_id)
    is_used: bool = True
    kind: str = ""
    ratio: float = 1.0
    mask: Mask | None = None
    rev: int = 0
    note: str = ""
    is_missed: bool = False

    @property
    def source(self) -> bytes | str | None:
        """A picture file, or the name of a region that is found; None for the whole picture."""
        if not self.is_used:
            return None
        return self.mask.png if self.mask else self.kind or None


@dataclass
class Part(Selection):
    """
    Attributes:
        id: unique on its page.
        kind: the name of an automatic region, or "" for one that is painted by hand.
        colour: index into `COLOURS`.
        mask: None while nothing is painted.
        rev: the number of its latest change.
        seen_rev: the latest change that the page is known to have.
        strength: None for the painting's.
        is_missed: whether a mask came for which there was no memory; the page sends it again.
        drawn: what a region is to be found from, until it is found. It replaces the mask then.
        search: the search for an automatic region or from strokes, while it is in progress.
        note: a sentence for the visitor.
        style_parts: by style, what is used of its picture; of styles that are not chosen now, too.
    """

    id: str = field(default_factory=new_id)
    kind: str = ""
    colour: int = 0
    mask: Mask | None = None
    rev: int = 0
    seen_rev: int = 0
    strength: float | None = None
    is_missed: bool = False
    drawn: Drawn | None = None
    search: "Future[bytes] | None" = None
    note: str = ""
    style_parts: dict[str, StylePart] = field(default_factory=dict)

    def key_of(self, name: str) -> str:
        return f"{name}_{self.id}"

    @property
    def name(self) -> str:
        return TITLES.get(self.kind) or f"Part {self.colour + 1}"

    @property
    def is_sought(self) -> bool:
        """Whether it is an automatic region that was not found yet, and the visitor has not painted instead."""
        return bool(self.kind) and self.mask is None and self.rev == 0

    def copy(self, **changes: Any) -> "Part":
        """The same for another page, which has no masks yet."""
        style_parts = {style: replace(part, id=new_id(), is_missed=False) for style, part in self.style_parts.items()}
        fresh = replace(self, chosen=[*self.chosen], seen_rev=0, is_missed=False, drawn=None, search=None, style_parts=style_parts)
        return replace(fresh, **changes)

    @property
    def style_masks(self) -> tuple[bytes | str | None, ...]:
        """What is used of each chosen style's picture, as `StylePart.source` has it; none where the photo is kept."""
        return tuple(self.style_parts[style].source if style in self.style_parts else None for style in self.chosen if style != KEEP)

    @property
    def layer(self) -> "Layer":
        return Layer(self.mask.png if self.mask else self.kind, self.shares(), self.strength, self.style_masks)

    def show(self, mask: Mask | None) -> None:
        """Takes a mask that the page does not have."""
        self.mask, self.rev = mask, self.rev + 1


@dataclass(frozen=True)
class Layer:
    """A region as it is painted. Later ones cover earlier ones.

    Attributes:
        mask: a picture file, or the name of an automatic region.
        shares: none where the photo is kept.
        strength: None for the painting's.
        style_masks: one for each share, if any: a picture file or the name of a region, of the part of the style's picture that is used.
    """

    mask: bytes | str
    shares: tuple[StyleShare[str], ...] = ()
    strength: float | None = None
    style_masks: tuple[bytes | str | None, ...] = ()


@dataclass
class Parts:
    """The parts of one photo. Later ones cover earlier ones.

    Attributes:
        enabled: whether the visitor wants parts. They are kept while it is off.
        active: the id of the part that is painted and whose styles are chosen, or "" for the rest.
        turn: the number of the latest change of the list, on either side; see `components/region_brush.js`.
        edited: the `turn` of the list that was last taken from the page.
        token: of this list. The page forgets its parts when it changes.
        earlier: what was chosen for the whole photo before its rest was kept.
        keeps_rest: whether the rest is kept once `enabled` is on again.
        found: the automatic regions that were searched for, by name; None where there is no such region.
    """

    enabled: bool = False
    items: list[Part] = field(default_factory=list)
    active: str = ""
    turn: int = 0
    edited: int = 0
    token: str = field(default_factory=new_id)
    earlier: Selection = field(default_factory=Selection)
    keeps_rest: bool = True
    found: dict[str, Mask | None] = field(default_factory=dict)

    @property
    def active_part(self) -> Part | None:
        return next((part for part in self.items if part.id == self.active), None) if self.enabled else None

    @property
    def is_searching(self) -> bool:
        return any(part.search is not None for part in self.items)

    @property
    def size(self) -> int:
        """Bytes of all masks."""
        drawn = (mask for part in self.items if part.drawn for mask in part.drawn.masks)
        of_styles = (each.mask for part in self.items for each in part.style_parts.values())
        return sum(len(mask.png) for mask in (*(part.mask for part in self.items), *drawn, *of_styles, *self.found.values()) if mask)

    def activate(self, part_id: str) -> None:
        if part_id != self.active:
            self.active, self.turn = part_id, self.turn + 1

    def most(self, rest_is_kept: bool) -> int:
        """How many parts there may be: a rest that is kept takes a region of its own."""
        return MAX_REGIONS - rest_is_kept

    def forget_style(self, style: str) -> None:
        """For another picture under the same name: what was drawn on the last one does not fit it."""
        for part in self.items:
            part.style_parts.pop(style, None)

    def start_over(self) -> None:
        """For another photo: masks do not fit it. Automatic regions are searched for again."""
        self.items = [part.copy(id=new_id(), mask=None, rev=0, note="", style_parts={}) for part in self.items if part.kind]
        self.active, self.turn, self.edited, self.token, self.found = "", 0, 0, new_id(), {}

    def copy(self) -> "Parts":
        """The same for another page, which has no masks yet."""
        items = [part.copy() for part in self.items]
        earlier = replace(self.earlier, chosen=[*self.earlier.chosen])
        return replace(self, items=items, token=new_id(), turn=0, edited=0, earlier=earlier, found={**self.found})

    def layers(self) -> Sequence[Layer]:
        """The parts that have a mask, or will have one."""
        painted = [part for part in self.items if part.mask is not None or part.is_sought] if self.enabled else []
        return [part.layer for part in painted]
