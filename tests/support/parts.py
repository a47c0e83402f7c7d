"""What a page sends about the parts of a photo."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

from nst.ui import part_messages
from nst.ui.draft import Draft
from nst.ui.parts import StylePart
from nst.ui.pictures import Picture
from tests.support.pictures import picture_bytes

WIDE = Picture(picture_bytes(), "", b"", "me.png", 1.5)


def half_white(width: int = 96, height: int = 64) -> str:
    """A mask as a page sends it: its left half is white."""
    picture = Image.new("L", (width, height))
    picture.paste(255, (0, 0, width // 2, height))
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return b64encode(buffer.getvalue()).decode()


# Masks that pages must not send, and words of the sentence that refuses each.
UNUSABLE_MASKS = [
    (b64encode(b"dear diary").decode(), "This is not a"),
    ("no base64!", "The file is empty"),
    (half_white(64, 64), "a mask must have the photo's shape"),
    (half_white()[:120], "The picture is damaged"),
]


def listed(draft: Draft, *parts: dict[str, object], active: str = "", turn: int = 1) -> None:
    part_messages.take_edit(draft, {"token": draft.parts.token, "turn": turn, "active": active, "parts": list(parts)})


def painted(draft: Draft, part_id: str, png: str, rev: int = 1, **more: object) -> None:
    part_messages.take_masks(draft, {"token": draft.parts.token, "masks": [{"id": part_id, "rev": rev, "png": png, **more}]})


def grown_from(inside: str = "", outside: str = "", around: str = "") -> dict[str, str]:
    """Strokes as a page sends them with a mask."""
    return {"inside": inside, "outside": outside, "around": around}


def by_hand(number: int, kind: str = "") -> dict[str, object]:
    return {"id": f"{number}-{number}", "kind": kind, "colour": number, "rev": 0}


def style_painted(draft: Draft, style_part: StylePart, png: str, rev: int = 1) -> None:
    """What is used of a style's picture, as a page sends it."""
    part_messages.take_style_mask(draft, {"token": style_part.id, "masks": [{"id": style_part.id, "rev": rev, "png": png}]})
