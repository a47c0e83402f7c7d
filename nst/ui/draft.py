"""The draft: the painting that a visitor is preparing. It outlives reruns and visits to other pages, and ends with the browser tab."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, zip_longest
from typing import Any

import streamlit as st

from nst import images, samples
from nst.domain import StyleParams, StyleShare, new_id
from nst.errors import UnknownStyle
from nst.images import Crop, Format
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.ui import form_tokens, masks, texts
from nst.ui.batches import MOST_PHOTOS, Batch, Waiting, token_of
from nst.ui.parts import KEEP, OWN, Layer, Parts, Selection, is_own
from nst.ui.pictures import Picture, cropped, read_photo, read_style

OFFERED = tuple(entry.name for entry in fields(StyleParams) if entry.name not in ("encoder", "layer_weights"))
_GONE = "The style you chose is no longer available. Choose another one."
_REPLACED = "The picture of the style you chose has changed. Look at it again before you paint."


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
        unseen: the id of the painting that was submitted last, until the visitor has seen its end. Till then the form stays the same one:
            submitted again without a change, it leads to this painting.
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
    unseen: str | None = None

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

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint: the photo is kept everywhere."""
        return not self.shares() and not any(layer.shares for layer in self.parts.layers())

    def order(self) -> Order:
        """The order to submit. The draft must have a photo."""
        assert self.photo is not None  # noqa: S101
        regions = [RegionChoice(layer.mask, self._choices(layer.shares, layer.style_masks), layer.strength) for layer in self.layers()]
        order = Order(self.photo.data, self._choices(self.base_shares()), "", self.params(), regions=regions)
        return replace(order, token=form_tokens.token_of(self.form, order, [picture.data for picture in self.more]))

    def begin_batch(self) -> Batch:
        """The orders of all photos. Regions are for the first: their masks have its shape."""
        first = replace(self.order(), in_folder=True)
        photos = [picture for picture in (self.photo, *self.more) if picture]
        orders = [first, *(replace(first, photo=picture.data, regions=()) for picture in self.more)]
        batch = Batch(first.token, [])
        for number, (order, picture) in enumerate(zip(orders, photos, strict=True)):
            batch.waiting.append(Waiting(replace(order, token=token_of(first.token, number)), picture.shown, picture.alt, picture))
        self.batches = [*(each for each in self.batches if each.waiting or each.refused), batch]
        self.sent, self.unseen = ("batch", batch.id), None
        return batch

    def begin_anew(self) -> None:
        """Take up the form again after it was submitted. Photos that were sent besides the first leave it."""
        if self.sent:
            if not self.unseen:
                self.form = new_id()
            self.more, self.sent = [], None

    def mark_seen(self, job_id: str) -> None:
        """The visitor has seen the end of a painting. If it was the one submitted last, another submission is another painting."""
        if self.unseen == job_id:
            self.form, self.unseen = new_id(), None

    def _choices(self, shares: Sequence[StyleShare[str]], masks: Sequence[bytes | str | None] = ()) -> list[StyleChoice]:
        pairs = zip_longest(shares, masks)
        return [StyleChoice(self._source(each.style), each.share, self.seen.get(each.style), mask) for each, mask in pairs]

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
        if name in draft.own_styles and draft.own_styles[name].data != picture.data:
            draft.parts.forget_style(name)
        draft.own_styles[name] = picture
        if name not in draft.selection.chosen:
            draft.selection.choose(name)


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


def _digest(service: Service, style: str) -> str | None:
    try:
        return service.style(style).digest
    except UnknownStyle:
        return None
