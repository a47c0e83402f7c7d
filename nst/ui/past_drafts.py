"""Drafts that begin with a past painting: the visitor's own, or somebody's in the gallery."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nst.domain import Job, StyleParams, StyleRef, new_id
from nst.errors import StyleChanged, UnknownStyle
from nst.service import Order, Service, StyleChoice
from nst.ui import draft, masks
from nst.ui.parts import KEEP, Mask, Part, Parts, Selection, StylePart
from nst.ui.pictures import read_style

_GONE = "One of its styles is no longer available. Choose another one; all other settings are kept."
_REPLACED = "The picture of its style has changed since. A new painting follows the style as it is now."
_UNKNOWN = "Its style and its settings are not known. Choose a style."
_UPLOADED = "Its style was the painter's own picture, which stays with them. All other settings are kept."


def begin_like(service: Service, job: Job) -> None:
    """Starts a draft with the styles and settings of somebody's painting. A photo that is already chosen stays."""
    wanted = _offered(job.styles)
    styles, note = _available(service, wanted)
    _begin(job.params, styles, note if wanted else _UPLOADED if job.styles else _UNKNOWN)
    regions = [(each, *_available(service, _offered(each.styles))) for each in job.regions]
    _add_notes([note for _, _, note in regions])
    shown = [(each, styles) for each, styles, _ in regions if styles or each.is_automatic]
    kinds = [each.mask_key if each.is_automatic else "" for each, _ in shown]
    _add_parts([_part(kind, None, styles, each.strength, keeps=not each.styles) for kind, (each, styles) in zip(kinds, shown, strict=True)])
    first = job.regions[0] if any(not part.keeps_photo for part in draft.current().parts.items) else None
    if first and not first.styles and not first.is_automatic:
        _keep_rest()  # nobody else sees its mask: a rest that is kept comes first, and is the likely one


def begin_with(style_id: str, sample: str) -> None:
    """Starts a draft with a style. A photo that is already chosen stays; else the sample is taken."""
    _begin(StyleParams(), [StyleChoice(style_id)], None)
    if draft.current().photo is None:
        draft.take_sample(sample)


def begin_again(service: Service, order: Order) -> None:
    """Starts a draft that would make the visitor's own painting again, as far as its styles are still available."""
    styles, note = _available(service, order.styles)
    draft.take_photo(order.photo, "The photo of your painting")
    _begin(order.params, styles, note)
    regions = list(order.regions)
    if regions and isinstance(regions[0].mask, bytes) and not regions[0].styles and masks.is_full(regions[0].mask):
        del regions[0]
        _keep_rest()
    kinds = [("", Mask(each.mask)) if isinstance(each.mask, bytes) else (each.mask, None) for each in regions]
    found = [_available(service, each.styles) for each in regions]
    _add_notes([note for _, note in found])
    parts = zip(kinds, regions, found, strict=True)
    _add_parts([_part(kind, mask, styles, each.strength, keeps=not each.styles) for (kind, mask), each, (styles, _) in parts])
    _drop_spare_styles()


def _keep_rest() -> None:
    now = draft.current()
    now.parts.earlier.copy_choice(now)
    now.copy_choice(Selection([KEEP]))


def _offered(styles: Iterable[StyleRef]) -> list[StyleChoice]:
    return [StyleChoice(style.name, style.share, style.digest, style.part) for style in styles if not style.is_upload]


def _available(service: Service, styles: Sequence[StyleChoice]) -> tuple[list[StyleChoice], str | None]:
    """The styles of a past painting as they are now, and a sentence about those that are gone or have changed."""
    kept: list[StyleChoice] = []
    notes: list[str] = []
    for choice in styles:
        if isinstance(choice.style, bytes):
            kept.append(choice)
            continue
        try:
            style_id, note = _find(service, choice.style, choice.digest)
        except UnknownStyle:
            notes.append(_GONE)
        else:
            kept.append(replace(choice, style=style_id))
            notes += note
    return kept, " ".join(dict.fromkeys(notes)) or None


def _find(service: Service, style_id: str, digest: str | None) -> tuple[str, list[str]]:
    try:
        return service.style(style_id, digest).id, []
    except StyleChanged:
        return service.style(style_id).id, [_REPLACED]


def _begin(params: StyleParams, styles: Sequence[StyleChoice], note: str | None) -> None:
    now, defaults = draft.current(), StyleParams()
    now.begin_anew()
    _choose(now, styles)
    now.parts = Parts()
    now.values = {name: getattr(params, name) for name in draft.OFFERED if getattr(params, name) != getattr(defaults, name)}
    now.form, now.note, now.seen = new_id(), note, {}
    draft.forget_widgets()


def _choose(selection: Selection, styles: Sequence[StyleChoice]) -> None:
    """Chooses the styles of a past painting."""
    chosen: dict[str, float] = {}
    for choice in styles[:2]:
        if (name := _name(choice.style)) is not None:
            chosen[name] = choice.share
            if isinstance(selection, Part) and choice.part:
                selection.style_parts[name] = _style_part(choice.part)
    selection.chosen, selection.mixing = list(chosen), len(chosen) == 2
    selection.second_share = round(100 * list(chosen.values())[1] / sum(chosen.values())) if len(chosen) == 2 else 50


def _style_part(part: bytes | str) -> StylePart:
    return StylePart(kind=part) if isinstance(part, str) else StylePart(mask=Mask(part), rev=1)


def _name(style: str | bytes) -> str | None:
    """The name by which a selection has a style of a past painting; None for a picture that cannot be read."""
    if isinstance(style, str):
        return style
    now = draft.current()
    picture, now.own_style_error = read_style(style)
    if picture is None:
        return None
    name = now.name_of_own(picture)
    now.own_styles[name] = picture
    return name


def _drop_spare_styles() -> None:
    """Drops own pictures that are not chosen, but for the last one."""
    now = draft.current()
    chosen = {style for selection in now.selections for style in selection.chosen}
    for name in [name for name in now.own_styles if name not in chosen][:-1]:
        del now.own_styles[name]


def _part(kind: str, mask: Mask | None, styles: Sequence[StyleChoice], strength: float | None, *, keeps: bool) -> Part:
    """A part of a past painting. One whose styles are gone gets the painting's first style."""
    part = Part(kind=kind, strength=strength, mask=mask, rev=int(mask is not None))
    _choose(part, styles)
    part.chosen = part.chosen or ([KEEP] if keeps else draft.current().chosen[:1])
    return part


def _add_notes(notes: Sequence[str | None]) -> None:
    now = draft.current()
    now.note = " ".join(dict.fromkeys(note for note in (now.note, *notes) if note)) or None


def _add_parts(items: Sequence[Part]) -> None:
    """Adds the parts of a past painting."""
    parts = draft.current().parts
    parts.items = [replace(part, colour=colour) for colour, part in enumerate(items)]
    parts.enabled, parts.keeps_rest = bool(items), draft.current().keeps_photo or not items
