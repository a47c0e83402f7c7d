"""Sketches that grow, with real child processes."""

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from nst import images
from nst.domain import Mode, StyleParams, StyleShare
from nst.images import Format
from nst.preview import Growth, Previews, RegionRequest
from nst.preview.growth import UNSEEN_SECONDS
from nst.preview.sketch_process import SketchRequest
from nst.settings import Settings
from tests.preview.engines import growing
from tests.support.pictures import picture
from tests.support.waiting import until

PATIENCE = 60.0
PHOTO, STYLE = (images.encode(picture(160, 120, seed), Format.PNG) for seed in (0, 1))
Open = Callable[..., Previews]


@pytest.fixture
def open_previews() -> Iterator[Open]:
    opened: list[Previews] = []

    def open_them(**changes: Any) -> Previews:
        engine = {"preview_engine": "tests.preview.engines.growing:engine"}
        opened.append(Previews(Settings(**{**engine, **changes})))
        opened[-1].warm_up()
        return opened[-1]

    yield open_them
    for previews in opened:
        previews.close()


def grow(previews: Previews, owner: str = "anna", seconds: float = 0.0) -> Growth | None:
    """The test's engine takes as many seconds a step as the strength."""
    return previews.grow(owner, PHOTO, [StyleShare(STYLE)], StyleParams(strength=seconds))


def test_a_sketch_grows_with_its_regions() -> None:
    previews = Previews(Settings())
    regions = [RegionRequest("sky", (StyleShare(STYLE),), 0.5)]
    growth = previews.grow("anna", PHOTO, [StyleShare(STYLE)], StyleParams(), regions)
    assert growth is not None
    assert growth.request.regions == tuple(regions)
    previews.close()


def grown(growth: Growth | None) -> list[bytes]:
    """All pictures that are shown until it is over."""
    assert growth is not None
    seen: list[bytes] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found, goes_on = growth.look()
        if found is not None and found not in seen:
            seen.append(found)
        if not goes_on:
            return seen
        time.sleep(0.01)
    raise AssertionError("it grows for ever")


def level(data: bytes) -> int:
    """The test's engine paints grey levels: 100 quick, 200 optimised, and steps between."""
    value = Image.open(io.BytesIO(data)).convert("L").getpixel((5, 5))
    assert isinstance(value, int)
    return value


def test_a_sketch_grows_from_quick_to_optimised_and_is_over(open_previews: Open) -> None:
    seen = grown(grow(open_previews()))
    assert level(seen[-1]) == pytest.approx(200, abs=3)
    assert level(seen[0]) <= level(seen[-1])


def test_pictures_on_the_way_are_shown(open_previews: Open) -> None:
    seen = [level(data) for data in grown(grow(open_previews(), seconds=0.5))]
    assert len(seen) > 2
    assert seen == sorted(seen)


def test_a_first_sketch_does_not_wait_for_one_that_grows(open_previews: Open) -> None:
    previews = open_previews()
    growth = grow(previews, seconds=0.9)
    assert growth is not None
    until(lambda: growth.look()[0])
    first = previews.request("berta", PHOTO, [StyleShare(STYLE)], StyleParams(strength=0.0))
    first.result(PATIENCE)
    assert growth.look()[1], "it had not come to its end, which takes longer"
    assert level(grown(growth)[-1]) == pytest.approx(200, abs=3), "it goes on afterwards"


def test_a_newer_one_of_the_same_visitor_replaces_the_older_one(open_previews: Open) -> None:
    previews = open_previews()
    older = grow(previews, seconds=0.9)
    newer = grow(previews)
    assert older is not None
    assert not older.look()[1]
    assert level(grown(newer)[-1]) == pytest.approx(200, abs=3)


def test_several_visitors_take_turns(open_previews: Open) -> None:
    previews = open_previews()
    growths = [grow(previews, owner) for owner in ("anna", "berta", "carla")]
    for growth in growths:
        assert level(grown(growth)[-1]) == pytest.approx(200, abs=3)


def test_a_sketch_that_no_page_looks_at_stops_growing() -> None:
    now = [0.0]
    growth = Growth(SketchRequest(PHOTO, (), StyleParams()), lambda: now[0])
    assert growth.is_wanted
    now[0] = UNSEEN_SECONDS - 1
    growth.look()
    now[0] += UNSEEN_SECONDS - 1
    assert growth.is_wanted
    now[0] += 2
    assert not growth.is_wanted


def test_the_levels_are_quick_and_optimised() -> None:
    growth = Growth(SketchRequest(PHOTO, (), StyleParams(mode=Mode.INSTANT, strength=0.7)))
    assert growth.request.params == StyleParams(mode=Mode.QUICK, strength=0.7)
    growth.advance()
    assert growth.request.params.mode is Mode.OPTIMISED
    growth.advance()
    assert growth.look() == (None, False)


def test_nothing_grows_where_it_is_turned_off_or_too_many_grow(open_previews: Open) -> None:
    assert grow(open_previews(previews_grow=False)) is None
    assert grow(open_previews(previews=False)) is None
    busy = open_previews(previews_waiting=2)
    growths = [grow(busy, owner, seconds=0.9) for owner in ("anna", "berta", "carla")]
    assert [growth is None for growth in growths] == [False, False, True]


def test_a_child_that_dies_ends_the_growth_and_the_next_one_grows(open_previews: Open) -> None:
    previews = open_previews()
    assert grown(grow(previews, seconds=growing.DIES)) == []
    assert level(grown(grow(previews))[-1]) == pytest.approx(200, abs=3)


def test_closing_ends_what_grows(open_previews: Open) -> None:
    previews = open_previews()
    growth = grow(previews, seconds=0.9)
    previews.close()
    assert growth is not None
    assert not growth.look()[1]
