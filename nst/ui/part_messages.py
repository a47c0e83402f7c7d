"""What a page sends about the parts of its photo. It may be anything: what could not come from the page is ignored."""

import re
from collections.abc import Mapping

from nst.domain import AUTOMATIC
from nst.errors import PasticheError, ServerBusy
from nst.ui import masks, singletons
from nst.ui.draft import Draft
from nst.ui.parts import COLOURS, KEEP, Drawn, Part, Selection, StylePart

_ID = re.compile(r"\d{1,10}-\d{1,10}", re.ASCII)  # of a part that the page has added


def take_edit(draft: Draft, sent: object) -> None:
    """Takes the list of parts as the page has changed it: `{"token", "turn", "active", "parts": [{"id", "kind", "colour", "rev"}]}`."""
    match sent:
        case {"token": draft.parts.token, "turn": int(turn), "active": str(active), "parts": [*items]} if turn > draft.parts.edited:
            listed = {part.id: part for item in items if (part := _listed(draft, item)) is not None}
            draft.parts.items = list(listed.values())[: draft.parts.most(draft.keeps_photo)]
            parts = draft.parts
            parts.edited, parts.active = turn, active if active in listed else ""
            parts.turn = turn if turn > parts.turn else parts.turn + 1  # both sides have changed the list: the page takes it again


def take_masks(draft: Draft, sent: object) -> None:
    """Takes the masks that have changed: `{"token", "masks": [{"id", "rev", "png"}]}`. `png` is in base64, and empty for an empty mask.

    One mask of each part is taken from a message, since each has to be decoded. A mask may come with
    `"grow": {"inside", "outside", "around"}`, strokes from which a region is to be found; they are like `png`.
    """
    match sent:
        case {"token": draft.parts.token, "masks": [*changed]}:
            known = {part.id: part for part in draft.parts.items}
            for each in changed:
                match each:
                    case {"id": str(part_id), "rev": int(rev), "png": str(png)} if part_id in known and rev > known[part_id].rev:
                        _take_mask(draft, known.pop(part_id), rev, png, each.get("grow"))


def take_style_mask(draft: Draft, sent: object) -> None:
    """Takes the mask of what is used of a style picture: `{"token", "masks": [{"id", "rev", "png"}]}`, whose token and id are the same."""
    known = {each.id: each for part in draft.parts.items for each in part.style_parts.values()}
    match sent:
        case {"token": str(token), "masks": [{"rev": int(rev), "png": str(png)}]} if token in known and rev > known[token].rev:
            _take_style_mask(known[token], rev, png)


def _take_style_mask(part: StylePart, rev: int, png: str) -> None:
    mask, note = None, ""
    try:
        mask = masks.read(png, part.ratio) if png else None
    except ServerBusy as error:
        part.note, part.is_missed = str(error), True
        return
    except PasticheError as error:
        note = str(error)
    part.mask, part.note, part.rev, part.kind, part.is_missed = mask, note, rev, "", False


def _listed(draft: Draft, item: object) -> Part | None:
    known: Mapping[str, Part] = {part.id: part for part in draft.parts.items}
    match item:
        case {"id": str(part_id), "rev": int(rev)} if part_id in known:
            known[part_id].seen_rev = min(rev, known[part_id].rev)
            return known[part_id]
        case {"id": str(part_id), "kind": str(kind), "colour": int(colour)} if _ID.fullmatch(part_id):
            if kind in ("", *AUTOMATIC) and 0 <= colour < len(COLOURS):
                part = Part(id=part_id, kind=kind, colour=colour)
                part.copy_choice(_first_choice(draft, kind))
                return part
    return None


def _first_choice(draft: Draft, kind: str) -> Selection:
    """The styles that a new part has at first. Faces are kept where the rest is painted."""
    if kind == "faces" and not draft.keeps_photo:
        return Selection([KEEP])
    candidates = (draft.selection, draft, draft.parts.earlier)
    return next((each for each in candidates if each.chosen and not each.keeps_photo), Selection())


def _take_mask(draft: Draft, part: Part, rev: int, png: str, grow: object) -> None:
    mask, drawn, note = None, None, ""
    try:
        if draft.photo is not None:
            mask = masks.read(png, draft.photo.ratio) if png else None
            drawn = _drawn(grow, draft.photo.ratio)
    except ServerBusy as error:
        part.note, part.is_missed = str(error), True  # and the change is not confirmed: the page sends it again
        return
    except PasticheError as error:
        note = str(error)
    part.mask, part.note, part.rev, part.seen_rev, part.is_missed = mask, note, rev, rev, False
    part.drawn, part.search = drawn, None


def _drawn(grow: object, ratio: float) -> Drawn | None:
    match grow:
        case {"inside": str(inside), "outside": str(outside), "around": str(around)} if (
            inside or around
        ) and singletons.previews().enabled:
            return Drawn(*(masks.read(png, ratio) if png else None for png in (inside, outside, around)))
    return None
