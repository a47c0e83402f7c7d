"""The README's animation: what it shows, and that the file in the documentation is one."""

import pytest
from PIL import Image, ImageChops, ImageSequence

from scripts import animation
from scripts.animation import BLENDS, TARGET, Frame, blended, renderings, with_caption

RED, BLUE = Image.new("RGB", (96, 64), "red"), Image.new("RGB", (96, 64), "blue")


def test_one_picture_becomes_the_next() -> None:
    frames = list(blended([[Frame(RED, "Photo", 900)], [Frame(BLUE, "Sketch", 800)]]))
    reds = [frame.picture.getpixel((0, 0))[0] for frame in frames]  # type: ignore[index]
    assert reds == sorted(reds, reverse=True)
    assert len(set(reds)) == BLENDS + 2
    assert [frame.caption for frame in frames] == ["Photo", *["Sketch"] * (BLENDS + 1)]


def test_a_caption_covers_a_corner_alone() -> None:
    changed = ImageChops.difference(with_caption(Frame(RED, "Photo", 900)), RED).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    assert left > 0
    assert top > RED.height / 3
    assert right < RED.width
    assert bottom < RED.height
    assert RED.getpixel((20, 50)) == (255, 0, 0), "the picture itself was changed"


def test_a_sketch_grows_into_a_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animation, "SIDE", 48)
    photo, style = Image.linear_gradient("L").convert("RGB"), Image.effect_noise((64, 64), 90).convert("RGB")
    shown = list(renderings(photo, style))
    assert [frames[-1].caption for frames in shown] == ["Photo", "First sketch", "First strokes", "Painting"]
    assert {frame.picture.size for frames in shown for frame in frames} == {(48, 48)}
    assert len(shown[2]) > 1, "no picture of a sketch that grows"
    last = [frames[-1].picture.tobytes() for frames in shown]
    assert len(set(last)) == len(last)


def seconds_of(frame: Image.Image) -> float:
    frame.load()  # the duration is known only then
    return float(frame.info["duration"]) / 1000


def test_the_documentation_has_it() -> None:
    with Image.open(TARGET) as shown:
        seconds = sum(map(seconds_of, ImageSequence.Iterator(shown)))
        assert shown.width == animation.SIDE
    assert 5 < seconds < 8
    assert TARGET.stat().st_size < 1_500_000
