"""Small page elements that Streamlit lacks, each a few lines of HTML, CSS and JavaScript. They need no network.

Their data are URLs and texts, which they set as attributes and text, never as HTML.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from nst.images import MAX_ANGLE, Crop
from nst.ui.urls import url

MAX_UPSCALING = 1.5  # displayed pixels for each pixel of a painting; beyond it, paintings look blurred
_BRUSH = "region_brush"
_CROP = "crop"
_ADDRESS = "page_address"
_LARGE = 3_000_000  # bytes of a photo that is worth reducing before it is sent
_FOLDER = Path(__file__).parent
_SPLIT = {_BRUSH: ("region_masks", "region_colours", "region_stage", _BRUSH)}
"""Elements whose code is in several files: a script of Streamlit's cannot import another."""


@dataclass(frozen=True)
class DisplaySize:
    """The space to reserve for a picture, so that the page does not jump while it loads.

    Attributes:
        ratio: width over height.
        width: the largest to show, in CSS pixels.
    """

    ratio: float
    width: int


class Slide(TypedDict):
    """A painting in the carousel, with its photo if that is published.

    Attributes:
        whole: whether it is shown whole on phones, too, where others fill a square.
    """

    before: str | None
    after: str
    title: str
    href: str
    whole: bool


class PartData(TypedDict, total=False):
    """A part of a photo, as the page has to show it.

    Attributes:
        kind: the name of an automatic region, or "".
        colour: index into the colours.
        rev: the number of its mask's latest change.
        mask: the `src` of that mask, where the page does not have it.
        thumb: the `src` of a picture of its style; empty if it has none.
        keeps: whether the photo is kept.
        searching: whether the region is being searched for.
        note: a sentence about the part.
    """

    id: str
    kind: str
    colour: int
    rev: int
    mask: str
    thumb: str
    keeps: bool
    searching: bool
    note: str


class RegionBrushData(TypedDict, total=False):
    """
    Attributes:
        place: the element that it is for. What was painted last outlives the element.
        photo: the `src` of the photo, or of the style picture.
        ratio: width over height.
        token: of the photo's set of parts; another one makes the page forget the parts that it has.
        turn: the number of the latest change of the list.
        active: the id of the part that is painted, or "" for the rest.
        most: how many parts there may be.
        kinds: titles of automatic regions by name.
        grows: whether regions are found from strokes.
        rest: the name and the thumbnail of what is in no part.
        style: whether the one part is what is used of a style picture. `kinds`, `grows`, and `rest` are for photos alone.
    """

    place: str
    photo: str
    ratio: float
    token: str
    turn: int
    active: str
    parts: list[PartData]
    most: int
    kinds: Mapping[str, str]
    grows: bool
    colours: Sequence[str]
    rest: Mapping[str, object]
    style: bool


def add_rules(rules: str) -> None:
    """Style rules, in force once the elements below appear. Streamlit draws an element that is a style sheet alone elsewhere, and later."""
    st.html(f"<span></span><style>{rules}</style>")


def compare(before: str, after: str, size: DisplaySize, alt: str) -> None:
    """Photo and painting on top of each other, with a divider that is dragged or moved with the arrow keys."""
    _reserve_space("compare", size)
    _component("compare")(data={"before": before, "after": after, **asdict(size), "alt": alt}, key="compare")


def example(before: str, after: str, size: DisplaySize, alt: str) -> None:
    """The same for the first page, whose style sheet reserves the space before anything is loaded."""
    _component("compare")(data={"before": before, "after": after, **asdict(size), "alt": alt}, key="example")


def live_preview(src: str, size: DisplaySize, alt: str) -> None:
    """A painting in progress, or what is shown until there is a preview. Each new picture fades in over the last one."""
    _reserve_space("live_preview", size)
    _component("live_preview")(data={"src": src, **asdict(size), "alt": alt}, key="live_preview")


def focus_heading(view: str, changes: int) -> None:
    """Invisible: whenever `changes` rises, moves the keyboard focus to the heading of `view`."""
    _component("focus_heading")(data={"view": view, "changes": changes}, key="focus_heading")


def share(url: str | None, picture: str, title: str) -> None:
    """Buttons that copy a painting's link and open the device's menu for sharing. None as `url` for a painting without a link."""
    _component("share")(data={"url": url, "picture": picture, "title": title}, key="share_buttons")


def clicked_card() -> str | None:
    """Invisible: the id of the painting whose card or slide has just been clicked."""
    job_id: str | None = _component("card_links")(key="card_links", on_job_change=lambda: None).job
    return job_id


def take_incoming_photo() -> None:
    """Invisible: puts files that are pasted, or dropped anywhere on the page, into the upload field for the photo."""
    _component("incoming_photo")(key="incoming_photo")


def reduce_photos(side: int, most_bytes: int) -> None:
    """Invisible: makes the browser reduce large JPEGs before it sends them.

    Args:
        side: the long side in pixels beyond which the server would reduce them.
        most_bytes: that the server takes.
    """
    _component("reduced_photos")(data={"side": side, "most": most_bytes, "bytes": min(_LARGE, most_bytes)}, key="reduced_photos")


def explain_refusals(format: str, size: str) -> None:
    """Gives the reasons why the browser refuses files; seen where others that came with them are taken.

    Args:
        format: for what is no picture, or one of another format.
        size: for files that are too large.
    """
    _component("refused_files")(data={"format": format, "size": size}, key="refused_files")


def device_camera() -> None:
    """A button that opens the device's own camera. The style sheet shows it on phones and tablets only."""
    _component("camera")(key="device_camera")


def keep_in_address(path: str, choice: Mapping[str, str], turn: int, on_step: Callable[[], None], *, changed: bool) -> None:
    """Invisible: the parameters of the page's address are these from now on. Streamlit's own way to do that undoes them after Back.

    Args:
        turn: the number of the latest step in the browser's history that the page has followed.
        changed: whether the visitor has chosen something since the page was opened.
        on_step: called when the visitor has gone back or forth to another choice on this page. `address_step()` is that choice then.
    """
    data = {"path": path, "choice": dict(choice), "changed": changed, "answered": turn}
    _component(_ADDRESS)(data=data, key=_ADDRESS, on_step_change=on_step)


def address_step() -> object:
    """What the page has sent, which may be anything: the parameters of the address, and `turn`."""
    return st.session_state.get(_ADDRESS, {}).get("step")


def group_tiles(group: str, label: str, *, choose: bool = True) -> None:
    """Invisible: makes the tiles of the container with the key `group` one stop of the Tab key, with arrow keys between them.

    Args:
        label: what the container holds.
        choose: whether tiles are chosen there. Screen readers are told which are.
    """
    _component("tile_group")(data={"group": group, "label": label, "choose": choose}, key=f"grouped_{group}")


def skip_to_submit(label: str) -> None:
    """Invisible until the Tab key reaches it: a button that leads past the form, to the one that submits it."""
    _component("skip_to_submit")(data={"label": label}, key="skip_to_submit")


def fade_strengths(sketches: Mapping[float, str], strength: float) -> None:
    """Invisible: while the strength is changed, the sketch fades between others.

    Args:
        sketches: their addresses, by strength. The browser fetches them when the visitor reaches for the slider.
        strength: that the sketch has, or will have soon.
    """
    _component("strength_fade")(
        data={"sketches": {str(each): src for each, src in sketches.items()}, "strength": strength}, key="strength_fade"
    )


def done_notice(view: str, title: str, words: str, *, waits: bool) -> None:
    """While a painting is waited for, asks how the visitor wants to be told of its end; afterwards invisible, it tells them.

    Args:
        view: identifies what is waited for.
        title: says in a notification what has happened.
        words: the line below it.
    """
    facts = {"icon": url("assets", "favicon-done.svg"), "picture": url("assets", "icon.png"), "worker": url("assets", "notices.js")}
    _component("done_notice")(
        data={"id": view, "title": title, "words": words, "waits": waits, **facts}, key="done_question" if waits else "done_notice"
    )


def carousel(slides: Sequence[Slide], seconds: float) -> None:
    """Photos and their paintings, one after the other, each for `seconds`. A button pauses it."""
    _component("carousel")(data={"slides": list(slides), "seconds": seconds}, key="carousel")


def crop(photo: str, ratio: float, part: Crop, on_crop: Callable[[], None], on_cancel: Callable[[], None]) -> None:
    """A photo with a frame around the part that is used, buttons that turn it, and a slider that straightens it.

    Args:
        ratio: width over height of the photo as it came.
        part: that is used now.
        on_crop: called when the visitor has chosen a part. `crop_value()` is that part then.
    """
    box = [part.left, part.top, part.right, part.bottom]
    data = {"photo": photo, "ratio": ratio, "turns": part.turns, "box": box, "angle": part.angle, "most": MAX_ANGLE}
    _component(_CROP)(data=data, key=_CROP, on_crop_change=on_crop, on_cancel_change=on_cancel)


def crop_value() -> object:
    """What the page has sent, which may be anything: `{"turns", "box", "angle"}`."""
    return st.session_state.get(_CROP, {}).get("crop")


def region_brush(data: RegionBrushData, on_edit: Callable[[], None], on_mask: Callable[[], None]) -> None:
    """The photo, or a style picture, with tools to paint the masks of its parts. Its key is `data["place"]`.

    Args:
        on_edit: called when the list of parts has changed. `region_brush_value(place, "edit")` is the list then.
        on_mask: called when masks have changed. `region_brush_value(place, "mask")` are these masks then.
    """
    _component(_BRUSH)(data=data, key=data["place"], on_edit_change=on_edit, on_mask_change=on_mask)


def region_brush_value(place: str, name: Literal["edit", "mask"]) -> object:
    """What the page has sent, which may be anything: `{"token", "turn", "active", "parts"}`, or `{"token", "masks"}`."""
    return st.session_state.get(place, {}).get(name)


def _reserve_space(key: str, size: DisplaySize) -> None:
    """Gives the element its final size now: its code loads after the page, and what is below must not move then."""
    width = f"min(100%, {size.width}px, calc(62vh * {size.ratio:.4f}))"
    add_rules(f".stApp .st-key-{key} {{ width: {width}; aspect-ratio: {size.ratio:.4f}; margin: 0 auto; }}")


@cache
def _component(name: str) -> ComponentRenderer:
    html, css, js = (
        "\n".join(file.read_text(encoding="utf-8") for part in _SPLIT.get(name, (name,)) if (file := _FOLDER / f"{part}.{kind}").exists())
        or None
        for kind in ("html", "css", "js")
    )
    return st.components.v2.component(f"pastiche_{name}", html=html, css=css, js=js)
