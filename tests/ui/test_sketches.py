"""The sketch beside the form, and the photo in every style. The engine is the previews' test engine; the child process is real."""

import re
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from nst.domain import StyleShare
from nst.errors import PreviewsBusy
from nst.lru import LRUCache
from nst.preview import Previews
from nst.ui import server, singletons, sketch_addresses, strength_sketches
from nst.ui.parts import Mask, Part
from tests.support.pages import DiskStudio, words
from tests.support.pictures import picture_bytes
from tests.support.waiting import until
from tests.ui.conftest import Configure, OpenPage

pytestmark = pytest.mark.usefixtures("studio")


@pytest.fixture
def previews(studio: DiskStudio, configure: Configure) -> Iterator[Previews]:
    configure(previews=True, preview_engine="tests.preview.engines.playful:engine")
    opened = singletons.previews()
    yield opened
    opened.close()


def sketch(page: AppTest) -> str | None:
    """What is shown: the "photo" until there is a "sketch"; None if neither is."""
    found = re.search(r'class="sketch( busy)?".*?src="data:image/(\w+)', words(page), re.DOTALL)
    return None if found is None else {"jpeg": "sketch", "webp": "photo"}[found[2]]


def run_until_sketched(page: AppTest) -> None:
    """Runs the page until its sketch has come or failed. In a browser, a fragment does that by itself."""
    until(lambda: "Sketching" not in words(page.run()))


Asked = list[tuple[bytes, list[StyleShare[bytes]]]]


@pytest.fixture
def asked(previews: Previews, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The photo and the styles of every preview that the pages ask for."""
    calls: Asked = []
    request = previews.request

    def recorded(owner: str, photo: bytes, styles: list[StyleShare[bytes]], *args: object, **kwargs: object) -> object:
        calls.append((photo, styles))
        return request(owner, photo, styles, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(previews, "request", recorded)
    return calls


@pytest.mark.usefixtures("previews")
def test_a_sketch_is_shown_as_soon_as_a_photo_is_chosen(open_page: OpenPage) -> None:
    page = open_page()
    assert sketch(page) is None
    page.button(key="sample_cat").click().run()
    assert sketch(page) == "photo", "the page is complete before there is a sketch"
    run_until_sketched(page)
    assert sketch(page) == "sketch"


def test_a_new_sketch_is_requested_only_for_changes_that_it_shows(open_page: OpenPage, asked: Asked) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    run_until_sketched(page)
    assert len(asked) == 1
    page.segmented_control(key="preset").select("draft").run()
    assert len(asked) == 1
    page.slider(key="strength").set_value(0.8).run()
    page.button(key="style_tide-wash").click().run()
    page.toggle(key="mix").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    page.slider(key="share").set_value(30).run()
    assert len(asked) == 5
    assert [each.share for each in asked[-1][1]] == [70, 30]
    assert sketch(page) == "sketch"


@pytest.mark.parametrize(("mode", "format"), [("RGB", "JPEG"), ("RGBA", "PNG")])
def test_sketches_are_made_from_small_copies_of_the_visitors_pictures(open_page: OpenPage, asked: Asked, mode: str, format: str) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(2000, 1000, mode, (9, 9, 9, 9)[: len(mode)]), "image/png").run()
    page.file_uploader(key="style_upload").upload("style.png", picture_bytes(1200, 2400), "image/png").run()
    photo, (style,) = asked[-1]
    assert (measured(photo), measured(style.style)) == ((format, mode, (512, 256)), ("JPEG", "RGB", (512, 1024)))


def test_a_very_narrow_photo_is_sketched(open_page: OpenPage, asked: Asked) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(1000, 50), "image/png").run()
    assert measured(asked[-1][0])[2] == (512, 26), "one side is below the limit for photos"
    run_until_sketched(page)
    assert sketch(page) == "sketch"


def measured(data: bytes) -> tuple[str | None, str, tuple[int, int]]:
    with Image.open(BytesIO(data)) as picture:
        return picture.format, picture.mode, picture.size


@pytest.mark.usefixtures("previews")
def test_a_failed_sketch_is_reported_and_the_painting_can_be_submitted(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    run_until_sketched(page)
    page.slider(key="strength").set_value(0.2).run()
    run_until_sketched(page)
    assert "the painting itself may still succeed" in words(page).lower()
    page.slider(key="strength").set_value(0.6).run()
    assert "may still succeed" not in words(page)
    page.slider(key="strength").set_value(0.2).run()
    page.button(key="submit").click().run()
    assert "job" in page.query_params


def test_a_busy_server_is_reported(open_page: OpenPage, previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise PreviewsBusy("Many visitors are looking at previews just now.")

    monkeypatch.setattr(previews, "request", busy)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    assert words(page).count("Many visitors are looking at previews") == 2
    assert sketch(page) == "photo"
    assert not page.exception


def test_no_sketch_is_shown_where_previews_are_off(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    assert sketch(page) is None
    assert "try_all" not in [toggle.key for toggle in page.toggle]


@pytest.mark.usefixtures("previews")
def test_the_photo_is_shown_in_each_style(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    addresses = set(re.findall(r"/sketches/[\w-]+", words(page)))
    assert len(addresses) == len(studio.service.styles())
    client = TestClient(Starlette(routes=server.routes()))
    for address in addresses:
        answer = client.get(address)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, no-store"
    assert client.get("/sketches/guess").status_code == 404
    page.slider(key="strength").set_value(0.8).run()
    assert set(re.findall(r"/sketches/[\w-]+", words(page))) == addresses, "requested once per photo"
    page.button(key="sample_coffee").click().run()
    assert not set(re.findall(r"/sketches/[\w-]+", words(page))) & addresses


@pytest.mark.usefixtures("previews")
def test_the_oldest_sketches_are_forgotten(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch_addresses, "_requested", LRUCache(20))
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.toggle(key="try_all").set_value(True).run()
    first = set(re.findall(r"/sketches/[\w-]+", words(page)))
    page.button(key="sample_coffee").click().run()
    client = TestClient(Starlette(routes=server.routes()))
    found = [client.get(address).status_code for address in first]
    assert found.count(200) <= 4
    assert 404 in found


def test_a_sketch_shows_the_parts(open_page: OpenPage, configure: Configure) -> None:
    configure(previews=True, previews_grow=False, preview_engine="tests.preview.engines.last_mask:engine")
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    page.toggle(key="by_parts").set_value(True).run()
    run_until_sketched(page)
    assert "Still your photo." in words(page)
    left = Image.new("L", (96, 64))
    left.paste(255, (0, 0, 48, 64))
    buffer = BytesIO()
    left.save(buffer, "PNG")
    page.session_state["draft"].parts.items.append(Part(["tide-wash"], mask=Mask(buffer.getvalue())))
    run_until_sketched(page)
    shown = re.search(r'class="sketch".*?src="data:image/jpeg;base64,([^"]+)', words(page), re.DOTALL)
    assert shown
    assert "Still your photo." not in words(page)
    picture = Image.open(BytesIO(b64decode(shown[1]))).convert("L")
    singletons.previews().close()
    histogram = picture.histogram()
    assert abs(sum(histogram[200:]) / sum(histogram[:55]) - 1) < 0.1, "the left half is white"


def test_sketches_at_several_strengths_are_made_when_the_browser_fetches_them(
    open_page: OpenPage, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[dict[float, str], float]] = []
    monkeypatch.setattr(strength_sketches, "fade_strengths", lambda sketches, strength: shown.append((sketches, strength)))
    page = open_page()
    assert shown == []
    page.button(key="sample_cat").click().run()
    addresses, strength = shown[-1]
    assert (tuple(addresses), strength, len(asked)) == (strength_sketches.STRENGTHS, 0.5, 1)
    client = TestClient(Starlette(routes=server.routes()))
    assert client.get(addresses[1.0]).headers["content-type"] == "image/jpeg"
    assert client.get(addresses[1.0]).status_code == 200
    assert len(asked) == 2, "once, however often it is fetched"
    page.slider(key="strength").set_value(0.8).run()
    assert shown[-1] == (addresses, 0.8)
    page.button(key="style_tide-wash").click().run()
    assert not set(shown[-1][0].values()) & set(addresses.values())
