"""Previews with real child processes."""

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from nst import images
from nst.domain import StyleParams, StyleShare
from nst.errors import PreviewFailed, PreviewsBusy, PreviewsOff
from nst.images import Format
from nst.model_process.messages import FromChild
from nst.preview import Previews, RegionRequest, Strokes
from nst.preview.sketch_process import SketchProcess, SketchRequest
from nst.settings import Settings
from tests.preview.engines import playful
from tests.support.pictures import half_mask, picture
from tests.support.waiting import until

PATIENCE = 60.0
Open = Callable[..., Previews]


@pytest.fixture
def open_previews() -> Iterator[Open]:
    opened: list[Previews] = []

    def open_them(**changes: Any) -> Previews:
        engine = {"preview_engine": "tests.preview.engines.playful:engine"}
        opened.append(Previews(Settings(**{**engine, **changes})))
        return opened[-1]

    yield open_them
    for previews in opened:
        previews.close()


PHOTO, STYLE = (images.encode(picture(160, 120, seed), Format.PNG) for seed in (0, 1))


def ask(previews: Previews, strength: float = 1.0, owner: str = "anna", styles: int = 1, **others: Any) -> "Future[bytes]":
    return previews.request(owner, PHOTO, [StyleShare(STYLE)] * styles, StyleParams(strength=strength), **others)


def size_of(future: "Future[bytes]") -> tuple[int, int]:
    return Image.open(io.BytesIO(future.result(PATIENCE))).size


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "nst.model_process.child" in child.cmdline()]


def test_the_real_network_paints_a_preview_in_a_child(open_previews: Open) -> None:
    previews = open_previews(preview_engine="nst.preview.engine:painter", preview_side=128)
    faint, strong = (ask(previews, strength, slot=str(strength)).result(PATIENCE) for strength in (0.0, 1.0))
    assert Image.open(io.BytesIO(strong)).size == (128, 96)
    assert faint != strong


def test_a_preview_is_no_larger_than_settings_say(open_previews: Open) -> None:
    previews = open_previews(preview_side=80)
    assert size_of(ask(previews)) == (80, 60)
    assert size_of(ask(previews, side=64)) == (64, 48)
    assert size_of(ask(previews, side=4000)) == (80, 60)


def test_a_preview_has_the_regions_of_its_request(open_previews: Open) -> None:
    regions = [RegionRequest(half_mask(640, 480), (StyleShare(STYLE, 2.0),), 0.25), RegionRequest("sky")]
    previews = open_previews(preview_engine="tests.preview.engines.masks:engine", preview_side=80)
    sketch = np.asarray(Image.open(io.BytesIO(ask(previews, regions=regions).result(PATIENCE))).convert("L"))
    assert sketch.shape == (60, 80)
    assert (sketch[:, :30].min() > 250, sketch[:, 50:].max() < 5) == (True, True)


def test_a_transparent_photo_gives_a_transparent_preview(open_previews: Open) -> None:
    photo = picture(160, 120)
    photo.putalpha(picture(160, 120, seed=2).convert("L"))
    encoded = images.encode(photo, Format.PNG)
    future = open_previews().request("anna", encoded, [StyleShare(STYLE)], StyleParams())
    assert Image.open(io.BytesIO(future.result(PATIENCE))).mode == "RGBA"


def test_a_newer_request_replaces_the_visitors_older_one(open_previews: Open) -> None:
    previews = open_previews()
    under_way = ask(previews, playful.TAKES_TIME, owner="someone")
    until(under_way.running)
    older, other, newer = ask(previews), ask(previews, owner="berta"), ask(previews)
    with pytest.raises(CancelledError):
        older.result(PATIENCE)
    assert size_of(newer) == size_of(other) == (160, 120)


def test_several_places_on_a_page_have_previews_of_their_own(open_previews: Open) -> None:
    previews = open_previews()
    futures = [ask(previews, slot=str(number)) for number in range(5)]
    assert {size_of(future) for future in futures} == {(160, 120)}


def test_visitors_take_turns(open_previews: Open) -> None:
    previews = open_previews()
    order: list[str] = []
    first = ask(previews, playful.TAKES_TIME, owner="someone")
    until(first.running)
    futures = [ask(previews, slot=str(number)) for number in range(4)] + [ask(previews, owner="berta")]
    for future, name in zip(futures, ["anna"] * 4 + ["berta"], strict=True):
        future.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
    wait(futures, PATIENCE)
    assert order[:2] == ["anna", "berta"]


def test_too_many_visitors_get_an_error_that_says_so(open_previews: Open) -> None:
    previews = open_previews(previews_waiting=2)
    first = ask(previews, playful.TAKES_TIME, owner="someone")
    until(first.running)
    waiting = [ask(previews, owner=name) for name in ("anna", "berta")]
    with pytest.raises(PreviewsBusy, match="moment"):
        ask(previews, owner="carla")
    newer = ask(previews, owner="berta")  # takes the place that she has
    assert waiting[1].cancelled()
    assert size_of(newer) == (160, 120)


def test_visitors_of_one_network_do_not_keep_the_others_from_waiting(open_previews: Open) -> None:
    previews = open_previews(previews_waiting=3)
    first = ask(previews, playful.TAKES_TIME, owner="someone")
    until(first.running)
    crowd = [ask(previews, owner=f"crowd-{number}", network="one") for number in range(3)]
    with pytest.raises(PreviewsBusy):
        ask(previews, owner="crowd-3", network="one")
    single = ask(previews, owner="anna", network="another")
    with pytest.raises(PreviewsBusy, match="moment"):
        crowd[2].result(0)
    with pytest.raises(PreviewsBusy):
        ask(previews, owner="berta", network="another")
    assert {size_of(future) for future in (*crowd[:2], single)} == {(160, 120)}


def test_two_at_a_time_are_painted_by_two_children(open_previews: Open) -> None:
    previews = open_previews(previews_at_a_time=2)
    futures = [ask(previews, playful.TAKES_TIME, owner=name) for name in ("anna", "berta")]
    deadline = time.monotonic() + PATIENCE
    while not all(future.running() for future in futures):
        assert time.monotonic() < deadline
        assert not any(future.done() for future in futures) or len(children()) == 2
        time.sleep(0.005)
        if all(future.done() for future in futures):
            break
    assert len(children()) == 2


def test_an_expected_error_reaches_the_visitor_as_its_sentence(open_previews: Open) -> None:
    with pytest.raises(PreviewFailed, match="This is too large"):
        ask(open_previews(), playful.RAISES, styles=2).result(PATIENCE)


def test_a_bug_reaches_the_visitor_as_a_sentence_and_the_next_preview_succeeds(open_previews: Open) -> None:
    previews = open_previews()
    with pytest.raises(PreviewFailed, match="problem on our side"):
        ask(previews, playful.RAISES).result(PATIENCE)
    assert size_of(ask(previews)) == (160, 120)


def test_a_file_that_is_not_a_picture_is_refused_with_a_sentence(open_previews: Open) -> None:
    with pytest.raises(PreviewFailed, match="JPEG, PNG"):
        open_previews().request("anna", b"nonsense", [StyleShare(STYLE)], StyleParams()).result(PATIENCE)


def test_a_killed_child_is_replaced(open_previews: Open) -> None:
    previews = open_previews()
    with pytest.raises(PreviewFailed, match="broke off"):
        ask(previews, playful.KILLS).result(PATIENCE)
    assert size_of(ask(previews)) == (160, 120)


def test_a_child_that_hangs_is_ended_and_replaced(open_previews: Open) -> None:
    previews = open_previews(preview_seconds=5.0)
    assert size_of(ask(previews)) == (160, 120)
    with pytest.raises(PreviewFailed, match="broke off"):
        ask(previews, playful.HANGS).result(PATIENCE)
    assert size_of(ask(previews)) == (160, 120)


def test_what_an_engine_prints_does_not_spoil_the_answers(open_previews: Open) -> None:
    assert size_of(ask(open_previews(), playful.PRINTS)) == (160, 120)


def test_an_engine_that_cannot_be_loaded_is_an_error(open_previews: Open) -> None:
    with pytest.raises(PreviewFailed):
        ask(open_previews(preview_engine="tests.preview.engines.missing:engine")).result(PATIENCE)


def test_one_can_wait_until_the_model_is_loaded(open_previews: Open, tmp_path: Path) -> None:
    previews = open_previews(preview_engine="tests.preview.engines.slow:engine", weights_dir=tmp_path)
    previews.warm_up()
    assert not (tmp_path / "loaded").exists()
    previews.wait_until_warm(PATIENCE)
    assert (tmp_path / "loaded").exists()


def test_waiting_for_a_model_ends_when_it_cannot_be_loaded_or_is_not_wanted(open_previews: Open) -> None:
    for changes in ({"preview_engine": "tests.preview.engines.missing:engine"}, {"previews": False}):
        previews = open_previews(**changes)
        previews.warm_up()
        previews.wait_until_warm(PATIENCE)
    assert not children()


def test_one_waits_no_longer_than_one_wants_to(open_previews: Open, tmp_path: Path) -> None:
    previews = open_previews(preview_engine="tests.preview.engines.slow:engine", weights_dir=tmp_path)
    previews.warm_up()
    previews.wait_until_warm(0.1)
    assert not (tmp_path / "loaded").exists()


def test_closing_frees_who_waits_for_the_model(open_previews: Open, tmp_path: Path) -> None:
    previews = open_previews(preview_engine="tests.preview.engines.slow:engine", weights_dir=tmp_path)
    previews.warm_up()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(previews.wait_until_warm, PATIENCE)
        previews.close()
        waiting.result(PATIENCE)
    assert not (tmp_path / "loaded").exists()


def test_a_sketch_fails_in_a_sentence_when_its_process_is_closed_meanwhile() -> None:
    process = SketchProcess(Settings(preview_seconds=1.0))

    class Closing:
        """A child that lives when it is looked at, and whose process is closed in that moment."""

        @property
        def exit_code(self) -> int | None:
            if process._child is not None:
                process.close()
                return None
            return -9

        def send(self, _: object) -> None:
            """A message to a dead child is dropped."""

        def wait(self, _: float) -> None:
            """It is dead."""

        def received(self) -> list[FromChild]:
            return []

        def kill(self) -> None:
            """It is dead."""

    process._child = Closing()  # type: ignore[assignment]
    with pytest.raises(PreviewFailed):
        process.paint(SketchRequest(PHOTO, (), StyleParams()))


def test_settings_turn_previews_off(open_previews: Open) -> None:
    previews = open_previews(previews=False)
    previews.warm_up()
    assert not previews.enabled
    with pytest.raises(PreviewsOff, match="turned off"):
        ask(previews)
    assert not children()


def test_closing_ends_the_child_and_cancels_those_who_wait(open_previews: Open) -> None:
    previews = open_previews()
    under_way = ask(previews, playful.HANGS)
    until(lambda: under_way.running() and children())
    waiting = ask(previews, owner="berta")
    previews.close()
    assert waiting.cancelled()
    assert isinstance(under_way.exception(PATIENCE), PreviewFailed)
    assert not children()
    with pytest.raises(PreviewsOff):
        ask(previews)


PARENT = """
import sys, time
import psutil
from nst.domain import StyleParams, StyleShare
from nst.preview import Previews
from nst.settings import Settings

previews = Previews(Settings(preview_engine="tests.preview.engines.playful:engine"))
future = previews.request("anna", open(sys.argv[1], "rb").read(), [StyleShare(open(sys.argv[2], "rb").read())], StyleParams(strength=1.0))
print(len(future.result()), psutil.Process().children()[0].pid, "torch" in sys.modules, flush=True)
time.sleep(600)
"""


def test_the_app_loads_no_torch_and_its_child_leaves_when_it_is_killed(tmp_path: Path) -> None:
    for name, data in (("photo", PHOTO), ("style", STYLE)):
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "photo"), str(tmp_path / "style")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as parent:
        assert parent.stdout is not None
        _, child, torch_loaded = parent.stdout.readline().split()
        assert torch_loaded == "False"
        process = psutil.Process(int(child))
        parent.kill()
    process.wait(PATIENCE)  # raises when it is still there


def test_a_region_is_found_by_the_process_of_the_sketches(open_previews: Open) -> None:
    previews, photo = open_previews(), half_mask(160, 120)
    mask = np.asarray(Image.open(io.BytesIO(previews.find("anna", photo, "light").result(PATIENCE))).convert("L"))
    assert mask.shape == (120, 160)
    assert (mask[:, :70].min() > 200, mask[:, 90:].max() < 50) == (True, True)
    line = Image.new("L", (80, 60))
    line.paste(255, (10, 28, 30, 32))
    stroke = Strokes(images.encode(line, Format.PNG))
    grown = np.asarray(Image.open(io.BytesIO(previews.find("anna", photo, stroke).result(PATIENCE))).convert("L"))
    assert (grown.shape, grown[:, :70].min() > 200, grown[:, 90:].max() < 50) == ((120, 160), True, True)
    with pytest.raises(PreviewFailed, match="no automatic region"):
        previews.find("anna", photo, "cats").result(PATIENCE)
