"""The sketch beside the form, and the photo in every style. The engine is the previews' test engine; the child process is real."""

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from nst.errors import PreviewsBusy
from nst.preview import Previews
from nst.settings import Settings
from nst.ui import server, tries
from nst.ui.studio import previews_of
from tests.ui.conftest import DiskStudio, OpenPage, words

pytestmark = pytest.mark.usefixtures("studio")


@pytest.fixture
def previews(studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Previews]:
    monkeypatch.setenv("NST_PREVIEWS", "true")
    monkeypatch.setenv("NST_PREVIEW_ENGINE", "tests.preview.engines.playful:engine")
    opened = previews_of(Settings())
    yield opened
    opened.close()


def sketch(page: AppTest) -> str | None:
    """What is in its place: "photo" until the first one is there."""
    found = re.search(r'class="sketch( busy)?".*?src="data:image/(\w+)', words(page), re.DOTALL)
    return None if found is None else {"jpeg": "sketch", "webp": "photo"}[found[2]]


@pytest.mark.usefixtures("previews")
def test_the_sketch_is_there_as_soon_as_a_photo_is_chosen(open_page: OpenPage) -> None:
    page = open_page()
    assert sketch(page) is None
    page.button(key="sample_cat").click().run()
    assert sketch(page) == "sketch"


def test_it_is_made_anew_for_what_it_would_show_and_for_nothing_else(
    open_page: OpenPage, previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    request = previews.request

    def counted(*args: object, **kwargs: object) -> object:
        asked.append(args)
        return request(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(previews, "request", counted)
    page = open_page()
    page.button(key="sample_cat").click().run()
    assert len(asked) == 1
    page.checkbox(key="public").check().run()
    page.segmented_control(key="preset").select("draft").run()
    assert len(asked) == 1
    page.slider(key="strength").set_value(0.8).run()
    page.button(key="style_tide-wash").click().run()
    page.toggle(key="mix").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    page.slider(key="share").set_value(30).run()
    assert len(asked) == 5
    assert [share for _, share in asked[-1][2]] == [70, 30]  # type: ignore[index]
    assert sketch(page) == "sketch"


@pytest.mark.usefixtures("previews")
def test_a_sketch_that_fails_says_so_and_the_painting_can_be_asked_for(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.slider(key="strength").set_value(0.2).run()
    assert "the painting itself may still succeed" in words(page).lower()
    page.slider(key="strength").set_value(0.6).run()
    assert "may still succeed" not in words(page)
    page.slider(key="strength").set_value(0.2).run()
    page.button(key="submit").click().run()
    assert "job" in page.query_params


def test_a_busy_server_says_so(open_page: OpenPage, previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise PreviewsBusy("Many visitors are looking at previews just now.")

    monkeypatch.setattr(previews, "request", busy)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    assert words(page).count("Many visitors are looking at previews") == 2
    assert sketch(page) == "photo"
    assert not page.exception


def test_where_previews_are_off_there_is_no_place_for_them(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    assert sketch(page) is None
    assert "try_all" not in [toggle.key for toggle in page.toggle]


@pytest.mark.usefixtures("previews")
def test_the_photo_is_shown_in_each_style(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    addresses = set(re.findall(r"/tries/[\w-]+", words(page)))
    assert len(addresses) == len(studio.service.styles())
    client = TestClient(Starlette(routes=server.routes()))
    for address in addresses:
        answer = client.get(address)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, no-store"
    assert client.get("/tries/guess").status_code == 404
    page.slider(key="strength").set_value(0.8).run()
    assert set(re.findall(r"/tries/[\w-]+", words(page))) == addresses, "asked for once a photo"
    page.button(key="sample_coffee").click().run()
    assert not set(re.findall(r"/tries/[\w-]+", words(page))) & addresses


@pytest.mark.usefixtures("previews")
def test_the_oldest_sketches_are_forgotten(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "_ROOM", 20)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    first = set(re.findall(r"/tries/[\w-]+", words(page)))
    page.button(key="sample_coffee").click().run()
    client = TestClient(Starlette(routes=server.routes()))
    found = [client.get(address).status_code for address in first]
    assert found.count(200) <= 4
    assert 404 in found
