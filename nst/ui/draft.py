"""The draft: the painting that a visitor is preparing. It outlives reruns and visits to other pages, and ends with the browser tab."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Any

import streamlit as st

from nst import images, samples
from nst.domain import Job, StyleParams, StyleRef, StyleShare, new_id
from nst.errors import StyleChanged, UnknownStyle
from nst.images import Crop, Format
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.ui import form_tokens, masks, texts
from nst.ui.batches import MOST_PHOTOS, Batch, Waiting, token_of
from nst.ui.parts import KEEP, OWN, Layer, Mask, Part, Parts, Selection, is_own
from nst.ui.pictures import Picture, cropped, read_photo, read_style

OFFERED = tuple(entry.name for entry in fields(StyleParams) if entry.name not in ("encoder", "layer_weights"))
_GONE = "The style you chose is no longer available. Choose another one."
_REPLACED = "The picture of the style you chose has changed. Look at it again before you paint."
_PAST_GONE = "One of its styles is no longer available. Choose another one; all other settings are kept."
_PAST_REPLACED = "The picture of its style has changed since. A new painting follows the style as it is now."
_PAST_PART = "It used a part of a style's picture, which cannot be chosen here. A new painting uses the whole picture."
_PAST_UNKNOWN = "Its style and its settings are not known. Choose a style."
_PAST_UPLOADED = "Its style was the painter's own picture, which stays with them. All other settings are kept."


@dataclass
class Draft(Selection):
    """Its own styles are those of the whole photo, or of the rest where parts have others.

    Attributes:
        own_styles: pictures of the visitor's own, by the names that selections have for them.
        note: a sentence about the draft for the visitor.
        seen: the digests of the style pictures shown last, by id.
        values: parameters that differ from their defaults, by name.
        form: the id of this form. A reload takes up the same one, so that what is sent again meanwhile is painted once.
        more: photos besides the first one, which are painted in the same style.
        batches: the photos of forms with several, some of which may not be submitted yet.
        sent: where the form that was submitted last leads: a parameter of the URL and its value. None once the form is shown again.
    """

    photo: Picture | None = None
    photo_error: str | None = None
    own_styles: dict[str, Picture] = field(default_factory=dict)
    own_style_error: str | None = None
    parts: Parts = field(default_factory=Parts)
    values: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    seen: dict[str, str] = field(default_factory=dict)
    form: str = field(default_factory=new_id)
    more: list[Picture] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    sent: tuple[str, str] | None = None

    @property
    def selection(self) -> Selection:
        """Whose styles the visitor chooses: of the part that is being painted, or of the rest."""
        return self.parts.active_part or self

    @property
    def selections(self) -> list[Selection]:
        return [self, *self.parts.items, self.parts.earlier]

    def enable_parts(self, enabled: bool) -> None:
        """While it is on, the rest is kept at first, and parts have the styles that the whole photo had."""
        if enabled == self.parts.enabled:
            return
        self.parts.enabled = enabled
        if not enabled:
            self.parts.keeps_rest = self.keeps_photo
            if self.keeps_photo:
                self.copy_choice(self.parts.earlier)
        elif self.parts.keeps_rest:
            self.parts.earlier.copy_choice(self)
            self.copy_choice(Selection([KEEP]))

    def params(self) -> StyleParams:
        return StyleParams.from_dict(self.values)

    def base_shares(self) -> tuple[StyleShare[str], ...]:
        """The painting's styles. Where the rest is kept, those of a part: a painting has at least one style, although nothing shows it."""
        return self.shares() or next((layer.shares for layer in self.parts.layers() if layer.shares), self.parts.earlier.shares())

    def layers(self) -> list[Layer]:
        """The regions of the painting. A rest that is kept is one, below all others."""
        assert self.photo is not None  # noqa: S101 -- the form asks for it first
        return [*([Layer(masks.full(self.photo.ratio))] if self.keeps_photo else []), *self.parts.layers()]

    def order(self) -> Order:
        """The order to submit. The draft must have a photo."""
        assert self.photo is not None  # noqa: S101
        regions = [RegionChoice(layer.mask, self._choices(layer.shares), layer.strength) for layer in self.layers()]
        order = Order(self.photo.data, self._choices(self.base_shares()), "", self.params(), regions=regions)
        return replace(order, token=form_tokens.token_of(self.form, order, [picture.data for picture in self.more]))

    def begin_batch(self) -> Batch:
        """The orders of all photos. Regions are for the first: their masks have its shape."""
        first = self.order()
        photos = [picture for picture in (self.photo, *self.more) if picture]
        orders = [first, *(replace(first, photo=picture.data, regions=()) for picture in self.more)]
        batch = Batch(first.token, [])
        for number, (order, picture) in enumerate(zip(orders, photos, strict=True)):
            batch.waiting.append(Waiting(replace(order, token=token_of(first.token, number)), picture.shown, picture.alt, picture))
        self.batches = [*(each for each in self.batches if each.waiting or each.refused), batch]
        self.sent = "batch", batch.id
        return batch

    def begin_anew(self) -> None:
        """Make another submission another painting. Photos that were sent besides the first leave the form."""
        if self.sent:
            self.form, self.more, self.sent = new_id(), [], None

    def _choices(self, shares: Sequence[StyleShare[str]]) -> list[StyleChoice]:
        return [StyleChoice(self._source(each.style), each.share, self.seen.get(each.style)) for each in shares]

    def _source(self, style: str) -> str | bytes:
        return self.own_styles[style].data if style in self.own_styles else style

    def name_of_own(self, picture: Picture, replaces: bool = False) -> str:
        """The name for another style picture of the visitor's own.

        Args:
            replaces: whether the name may be one that no other part's selection has, whose picture is replaced then.
        """
        others = {style for each in self.selections if each is not self.selection for style in each.chosen}
        mine = [style for style in (*self.selection.chosen, *self.own_styles) if is_own(style) and style not in others]
        same = [name for name, known in self.own_styles.items() if known.data == picture.data]
        new = (name for name in (OWN, *(f"{OWN}{number}" for number in range(2, 99))) if name not in self.own_styles)
        return next(chain(same, mine if replaces else (), new))


def key_of(parameter: str) -> str:
    """The session-state key of a parameter's widget."""
    return parameter if parameter in ("preset", "strength") else f"param_{parameter}"


def current() -> Draft:
    draft: Draft = st.session_state.setdefault("draft", Draft())
    return draft


def has_begun() -> bool:
    return "draft" in st.session_state


def take_photo(data: bytes | None, alt: str = "Your photo", keeps_last: bool = False) -> None:
    """Takes a photo into the draft, or notes why it cannot be used. None removes the photo.

    Args:
        keeps_last: whether the last photo and its parts stay where this one cannot be used.
    """
    draft = current()
    photo, draft.photo_error = read_photo(data, alt) if data is not None else (None, None)
    if draft.photo_error and keeps_last:
        return
    draft.photo = photo
    draft.parts.start_over()


def take_crop(crop: Crop) -> bool:
    """Uses another part of the chosen photo. False, and the draft says why, when it cannot be used; then nothing changes."""
    draft = current()
    if draft.photo is None or draft.photo.crop == crop:
        return True
    photo, draft.photo_error = cropped(draft.photo, crop)
    if photo is None:
        return False
    draft.photo = photo
    draft.parts.start_over()
    return True


def take_more(files: Sequence[tuple[str, bytes]]) -> None:
    """Takes further photos into the draft. Those that cannot be used are named, and the others are taken."""
    draft, problems = current(), []
    for name, data in files:
        if 1 + len(draft.more) >= MOST_PHOTOS:
            problems.append(f"{texts.plain(name)}: A form takes at most {MOST_PHOTOS} photos. Paint these first.")
            break
        photo, error = read_photo(data, name or "Your photo")
        if photo is not None:
            draft.more.append(photo)
        elif error:
            problems.append(f"{texts.plain(name)}: {error}")
    draft.photo_error = "  \n".join(problems) or None


def take_sample(name: str) -> None:
    title = next(sample.title for sample in samples.SAMPLES if sample.name == name)
    take_photo(images.encode(samples.load(name), Format.PNG), title, keeps_last=True)


def take_style(data: bytes) -> None:
    """Chooses a style picture of the visitor's own, in place of the last one that no other part has; or notes why it cannot be used."""
    draft = current()
    picture, draft.own_style_error = read_style(data)
    if picture is not None:
        name = draft.name_of_own(picture, replaces=True)
        draft.own_styles[name] = picture
        if name not in draft.selection.chosen:
            draft.selection.choose(name)


def begin_like(service: Service, job: Job) -> None:
    """Starts a draft with the styles and settings of somebody's painting. A photo that is already chosen stays."""
    wanted = _offered(job.styles)
    styles, note = _available(service, wanted)
    _begin(job.params, styles, note if wanted else _PAST_UPLOADED if job.styles else _PAST_UNKNOWN)
    regions = [(each, *_available(service, _offered(each.styles))) for each in job.regions]
    _add_notes([note for _, _, note in regions])
    shown = [(each, styles) for each, styles, _ in regions if styles or each.is_automatic]
    kinds = [each.mask_key if each.is_automatic else "" for each, _ in shown]
    _add_parts([_part(kind, None, styles, each.strength, keeps=not each.styles) for kind, (each, styles) in zip(kinds, shown, strict=True)])
    first = job.regions[0] if any(not part.keeps_photo for part in current().parts.items) else None
    if first and not first.styles and not first.is_automatic:
        current().parts.earlier.copy_choice(current())  # nobody else sees its mask: a rest that is kept comes first, and is the likely one
        current().copy_choice(Selection([KEEP]))


def begin_again(service: Service, order: Order) -> None:
    """Starts a draft that would make the visitor's own painting again, as far as its styles are still available."""
    styles, note = _available(service, order.styles)
    take_photo(order.photo, "The photo of your painting")
    _begin(order.params, styles, note)
    regions = list(order.regions)
    if regions and isinstance(regions[0].mask, bytes) and not regions[0].styles and masks.is_full(regions[0].mask):
        del regions[0]
        current().parts.earlier.copy_choice(current())
        current().copy_choice(Selection([KEEP]))
    kinds = [("", Mask(each.mask)) if isinstance(each.mask, bytes) else (each.mask, None) for each in regions]
    found = [_available(service, each.styles) for each in regions]
    _add_notes([note for _, note in found])
    parts = zip(kinds, regions, found, strict=True)
    _add_parts([_part(kind, mask, styles, each.strength, keeps=not each.styles) for (kind, mask), each, (styles, _) in parts])
    _drop_spare_styles()


def follow_catalogue(service: Service) -> bool:
    """Removes chosen styles that are no longer available. Returns, and notes, whether a choice is not what the visitor saw."""
    draft = current()
    chosen = {style for selection in draft.selections for style in selection.chosen}
    now = {style: _digest(service, style) for style in chosen - {KEEP, *draft.own_styles}}
    gone = [style for style, digest in now.items() if digest is None]
    replaced = [style for style, digest in now.items() if digest not in (None, draft.seen.get(style, digest))]
    _unchoose(gone)
    if gone or replaced:
        draft.note = _GONE if gone else _REPLACED
    return bool(gone or replaced)


def forget_widgets() -> None:
    """Makes widgets take their values from the draft again."""
    for key in (*map(key_of, OFFERED), "mix", "share"):
        st.session_state.pop(key, None)


def _unchoose(styles: Sequence[str]) -> None:
    for selection in current().selections:
        selection.chosen = [style for style in selection.chosen if style not in styles]


def _offered(styles: Iterable[StyleRef]) -> list[StyleChoice]:
    return [StyleChoice(style.name, style.share, style.digest, style.part) for style in styles if not style.is_upload]


def _available(service: Service, styles: Sequence[StyleChoice]) -> tuple[list[StyleChoice], str | None]:
    """The styles of a past painting as they are now, and a sentence about those that are gone, have changed or were used in part."""
    kept: list[StyleChoice] = []
    notes: list[str] = []
    for choice in styles:
        notes += [_PAST_PART] if choice.part else []
        if isinstance(choice.style, bytes):
            kept.append(choice)
            continue
        try:
            style_id, note = _find(service, choice.style, choice.digest)
        except UnknownStyle:
            notes.append(_PAST_GONE)
        else:
            kept.append(replace(choice, style=style_id))
            notes += note
    return kept, " ".join(dict.fromkeys(notes)) or None


def _find(service: Service, style_id: str, digest: str | None) -> tuple[str, list[str]]:
    try:
        return service.style(style_id, digest).id, []
    except StyleChanged:
        return service.style(style_id).id, [_PAST_REPLACED]


def _digest(service: Service, style: str) -> str | None:
    try:
        return service.style(style).digest
    except UnknownStyle:
        return None


def _begin(params: StyleParams, styles: Sequence[StyleChoice], note: str | None) -> None:
    draft, defaults = current(), StyleParams()
    draft.begin_anew()
    _choose(draft, styles)
    draft.parts = Parts()
    draft.values = {name: getattr(params, name) for name in OFFERED if getattr(params, name) != getattr(defaults, name)}
    draft.form, draft.note, draft.seen = new_id(), note, {}
    forget_widgets()


def _choose(selection: Selection, styles: Sequence[StyleChoice]) -> None:
    """Chooses the styles of a past painting."""
    chosen: dict[str, float] = {}
    for choice in styles[:2]:
        if (name := _name(choice.style)) is not None:
            chosen[name] = choice.share
    selection.chosen, selection.mixing = list(chosen), len(chosen) == 2
    selection.second_share = round(100 * list(chosen.values())[1] / sum(chosen.values())) if len(chosen) == 2 else 50


def _name(style: str | bytes) -> str | None:
    """The name by which a selection has a style of a past painting; None for a picture that cannot be read."""
    if isinstance(style, str):
        return style
    draft = current()
    picture, draft.own_style_error = read_style(style)
    if picture is None:
        return None
    name = draft.name_of_own(picture)
    draft.own_styles[name] = picture
    return name


def _drop_spare_styles() -> None:
    """Drops own pictures that are not chosen, but for the last one."""
    draft = current()
    chosen = {style for selection in draft.selections for style in selection.chosen}
    for name in [name for name in draft.own_styles if name not in chosen][:-1]:
        del draft.own_styles[name]


def _part(kind: str, mask: Mask | None, styles: Sequence[StyleChoice], strength: float | None, *, keeps: bool) -> Part:
    """A part of a past painting. One whose styles are gone gets the painting's first style."""
    part = Part(kind=kind, strength=strength, mask=mask, rev=int(mask is not None))
    _choose(part, styles)
    part.chosen = part.chosen or ([KEEP] if keeps else current().chosen[:1])
    return part


def _add_notes(notes: Sequence[str | None]) -> None:
    now = current()
    now.note = " ".join(dict.fromkeys(note for note in (now.note, *notes) if note)) or None


def _add_parts(items: Sequence[Part]) -> None:
    """Adds the parts of a past painting."""
    parts = current().parts
    parts.items = [replace(part, colour=colour) for colour, part in enumerate(items)]
    parts.enabled, parts.keeps_rest = bool(items), current().keeps_photo or not items
