"""Style pictures from the operator's folder, on the pages and at their URLs."""

import logging
import os
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from nst.domain import StyleRef, StyleShare
from nst.preview import Previews
from nst.ui import server, singletons
from tests.support.files import named
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import Configure, OpenPage

RED, BLUE = picture_bytes(colour="red"), picture_bytes(colour="blue")


@pytest.fixture
def folder(studio: DiskStudio, tmp_path: Path, configure: Configure) -> Path:
    """The operator's folder, with one picture."""
    folder = tmp_path / "styles"
    folder.mkdir()
    (folder / named("北斎.png")).write_bytes(RED)
    studio.settings = configure(styles_dir=folder)
    return folder


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=server.routes()))


def own_ids(studio: DiskStudio) -> list[str]:
    return [entry.id for entry in studio.service.styles() if not entry.credit]


def thumbnail_of(page_words: str, style_id: str) -> str:
    found = re.search(rf'src="(/styles/{style_id}\?[^"]*)"', page_words)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("folder")
def test_a_style_is_shown_by_its_name_and_painted_in(open_page: OpenPage, studio: DiskStudio) -> None:
    (style_id,) = own_ids(studio)
    page = open_page()
    assert "北斎" in [button.label for button in page.button]
    page.button(key=f"style_{style_id}").click().run()
    page.button(key="sample_cat").click().run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(ANNA)
    assert job.styles == (StyleRef(style_id, 1.0, studio.service.style(style_id).digest),)


@pytest.mark.parametrize("data", [b"", b"dear diary", RED[:100], picture_bytes(8, 8)])
def test_a_broken_picture_is_neither_offered_nor_served(
    open_page: OpenPage, client: TestClient, folder: Path, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    (folder / "broken.jpg").write_bytes(data)
    for _ in range(2):
        assert "style_broken" not in keys(open_page())
        assert client.get("/styles/broken").status_code == 404
    assert [record.levelno for record in caplog.records if "broken" in record.getMessage()] == [logging.WARNING]
    (folder / "broken.jpg").write_bytes(BLUE)
    assert "style_broken" in keys(open_page())
    assert client.get("/styles/broken").status_code == 200


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_only_regular_files_are_served(client: TestClient, folder: Path, kind: str) -> None:
    path = folder / "broken.jpg"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "link": lambda: path.symlink_to("nowhere")}[kind]()
    assert client.get("/styles/broken").status_code == 404


def test_a_replaced_picture_has_another_url(open_page: OpenPage, client: TestClient, studio: DiskStudio, folder: Path) -> None:
    (style_id,) = own_ids(studio)
    old = thumbnail_of(words(open_page()), style_id)
    before = client.get(old)
    assert "max-age" in before.headers["cache-control"]
    assert client.get(old, headers={"if-none-match": before.headers["etag"]}).status_code == 304
    (folder / named("北斎.png")).write_bytes(BLUE)
    new = thumbnail_of(words(open_page()), style_id)
    after = client.get(new)
    assert new != old
    assert after.content != before.content
    again = client.get(old, headers={"if-none-match": before.headers["etag"]})
    assert (again.status_code, again.content) == (200, after.content)
    assert "max-age" not in again.headers["cache-control"]


def test_a_chosen_style_that_is_removed_is_reported(open_page: OpenPage, studio: DiskStudio, folder: Path) -> None:
    (style_id,) = own_ids(studio)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key=f"style_{style_id}").click().run()
    (folder / named("北斎.png")).unlink()
    page.button(key="submit").click().run()
    assert not page.exception
    assert "no longer available" in words(page)
    assert not studio.service.mine(ANNA)
    page.button(key="submit").click().run()
    assert len(studio.service.mine(ANNA)) == 1


def test_a_chosen_style_whose_picture_is_replaced_is_not_used_unseen(open_page: OpenPage, studio: DiskStudio, folder: Path) -> None:
    (style_id,) = own_ids(studio)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key=f"style_{style_id}").click().run()
    (folder / named("北斎.png")).write_bytes(BLUE)
    page.button(key="submit").click().run()
    assert "has changed. Look at it again" in words(page)
    assert not studio.service.mine(ANNA)
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(ANNA)
    assert job.styles[0].digest == studio.service.style(style_id).digest


@pytest.mark.parametrize("key", ["again", "like"])
def test_painting_again_uses_the_present_style_and_says_when_it_has_changed(
    open_page: OpenPage, studio: DiskStudio, folder: Path, key: str
) -> None:
    (style_id,) = own_ids(studio)
    job = studio.painted(style=style_id, public=True)

    def once_more() -> str:
        page = open_page(job=job.id, owner=ANNA if key == "again" else BERT)
        page.button(key="again" if key == "again" else f"like_{job.id}").click().run()
        assert not page.exception
        chosen = "✓ 北斎" in [button.label for button in page.button]
        return words(page) + (" CHOSEN" if chosen else "")

    assert "CHOSEN" in (said := once_more())
    assert "has changed since" not in said
    (folder / named("北斎.png")).write_bytes(BLUE)
    assert "CHOSEN" in (said := once_more())
    assert "has changed since" in said
    (folder / named("北斎.png")).unlink()
    assert "CHOSEN" not in (said := once_more())
    assert "no longer available" in said


def test_a_recipe_names_the_picture(open_page: OpenPage, studio: DiskStudio, folder: Path) -> None:
    (style_id,) = own_ids(studio)
    job = studio.painted(style=style_id)
    recipe = open_page(job=job.id).json[0].value
    assert studio.service.style(style_id).digest in str(recipe)
    assert str(folder) not in str(recipe)


@pytest.fixture
def previews(folder: Path, configure: Configure) -> Previews:
    configure(previews=True)
    return singletons.previews()


def test_sketches_follow_a_replaced_picture(
    open_page: OpenPage, studio: DiskStudio, folder: Path, previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import Future

    asked: list[bytes] = []

    def request(_owner: str, _photo: bytes, styles: list[StyleShare[bytes]], *_: object, **__: object) -> "Future[bytes]":
        asked.extend(each.style for each in styles)
        future: Future[bytes] = Future()
        future.set_result(picture_bytes())
        return future

    monkeypatch.setattr(previews, "request", request)
    (style_id,) = own_ids(studio)
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key=f"style_{style_id}").click().run()
    page.toggle(key="try_all").set_value(True).run()
    assert asked.count(RED) == 2
    (folder / named("北斎.png")).write_bytes(BLUE)
    page.run()
    assert (asked.count(RED), asked.count(BLUE)) == (2, 2)
    (folder / named("北斎.png")).unlink()
    page.run()
    assert not page.exception


@pytest.mark.parametrize("kind", ["before", "after", "small-before", "small-after"])
@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_stored_picture_that_is_missing_or_damaged_is_not_a_server_error(
    client: TestClient, studio: DiskStudio, kind: str, damage: str
) -> None:
    job = studio.painted(public=True)
    for key in (job.input_key, job.output_key or ""):
        studio.backend.objects.delete([key])
        if damage == "damaged":
            studio.backend.objects.put(key, RED[:60])
    status = client.get(f"/pictures/{job.id}/{kind}").status_code
    assert status == (200 if damage == "damaged" and not kind.startswith("small") else 404)
