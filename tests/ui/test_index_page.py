"""What browsers and link previews read before any script runs, and the compression of Streamlit's scripts."""

import gzip
import html
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from nst import images
from nst.images import Limits
from nst.settings import Settings
from nst.ui import index_page, server, texts
from nst.ui.compression import CompressedScripts
from tests.hostile.corpus.addresses import VALUES
from tests.hostile.corpus.titles import ESCAPED
from tests.support.pages import DiskStudio
from tests.ui.browser import PAGE
from tests.ui.conftest import Configure

META = re.compile(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"')


@pytest.fixture
def client(studio: DiskStudio) -> TestClient:
    return TestClient(Starlette(routes=server.routes(), middleware=server.middleware()))


def meta(client: TestClient, address: str = "/") -> dict[str, str]:
    answer = client.get(address, headers={"accept": "text/html"})
    assert answer.status_code == 200
    return {"title": "".join(re.findall("<title>(.*?)</title>", answer.text)), **dict(META.findall(answer.text))}


@pytest.mark.parametrize(("address", "title"), [("/", "Pastiche: turn a photo into a painting"), ("/gallery", "Gallery · Pastiche")])
def test_each_page_has_its_title_and_a_description_before_any_script_runs(client: TestClient, address: str, title: str) -> None:
    found = meta(client, address)
    assert found["title"] == found["og:title"] == title
    assert found["description"] == index_page.DESCRIPTION
    assert found["og:url"] == f"http://testserver{address}"
    html = client.get(address).text
    assert "Streamlit" not in re.sub(r"<!--.*?-->|<link [^>]*>", "", html, flags=re.DOTALL)


def test_what_the_first_page_names_exists(client: TestClient) -> None:
    html = client.get("/").text
    named = re.findall(r'(?:href|src)="\./(assets/[^"]+)"', html)
    assert {name.partition("?")[0] for name in named} == {
        f"assets/{file}" for file in ("favicon.svg", "icon.png", "manifest.json", "style.css")
    }
    icons = [f"assets/{icon['src']}" for icon in json.loads(client.get("/assets/manifest.json").content)["icons"]]
    assert all(client.get(f"/{name}").status_code == 200 for name in [*named, *icons])
    static = Path(index_page._STREAMLIT)
    assert all((static / name).is_file() for name in re.findall(r'(?:href|src)="\./(static/[^"]+)"', html))
    assert images.decode(client.get("/assets/card.jpg").content, Limits.of(Settings())).size == (1200, 630)


def test_the_link_of_a_published_painting_shows_it(client: TestClient, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    found = meta(client, f"/?job={job.id}")
    assert found["title"] == "Tide Wash · Pastiche"
    assert found["og:url"] == f"http://testserver/?job={job.id}"
    assert found["og:image"] == f"http://testserver/pictures/{job.id}/card"
    picture = client.get(f"/pictures/{job.id}/card")
    assert picture.headers["content-type"] == "image/jpeg"
    assert images.decode(picture.content, Limits.of(Settings())).size == (1200, 630)


def test_the_links_of_private_unfinished_and_unknown_paintings_look_alike(client: TestClient, studio: DiskStudio) -> None:
    ids = [studio.painted().id, studio.submit(public=True).id, "0" * 32, '"><script>']
    pages = [{**meta(client, f"/?job={one}"), "og:url": ""} for one in ids]
    assert all(page == pages[0] for page in pages)
    assert pages[0]["og:image"].endswith("/assets/card.jpg")
    assert client.get(f"/pictures/{ids[0]}/card").status_code == 404


def test_titles_are_escaped(client: TestClient, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "style_names", lambda *_: '"><b>')
    html = client.get(f"/?job={studio.painted(public=True).id}").text
    assert "<b>" not in html
    assert "&quot;&gt;&lt;b&gt; · Pastiche" in html


def test_the_public_url_is_what_links_begin_with(configure: Configure, studio: DiskStudio) -> None:
    configure(public_url="https://paint.example/studio/", data_dir=studio.settings.data_dir, previews=False, own_worker=False)
    found = meta(TestClient(Starlette(routes=server.routes())), "/gallery")
    assert found["og:url"] == "https://paint.example/studio/gallery"


def test_scripts_are_compressed_once_for_browsers_that_accept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compress, compressed = gzip.compress, list[bytes]()
    monkeypatch.setattr(gzip, "compress", lambda data, level: compressed.append(data) or compress(data, level))
    (tmp_path / "index.js").write_text("paint();" * 1000, encoding="utf-8")
    (tmp_path / "font.woff2").write_bytes(b"font" * 1000)
    app = Starlette(routes=[Mount("/static", StaticFiles(directory=tmp_path))], middleware=[Middleware(CompressedScripts)])
    client = TestClient(app)
    for _ in range(2):
        answer = client.get("/static/index.js")
        assert answer.text == "paint();" * 1000
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 200
        assert "Accept-Encoding" in answer.headers["vary"]
    assert compressed == [b"paint();" * 1000]
    plain = client.get("/static/index.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in client.get("/static/font.woff2").headers
    assert client.get("/static/none.js").status_code == 404


@pytest.mark.parametrize("title", [*ESCAPED, "Evening"])
def test_the_card_of_a_link_has_the_owners_title_as_text(client: TestClient, studio: DiskStudio, title: str) -> None:
    job = studio.painted(public=True)
    studio.service.gallery.set_title(job.id, job.owner, title)
    found = meta(client, f"/?job={job.id}")
    assert html.unescape(found["og:title"]) == html.unescape(found["title"]) == f"{title} · Pastiche"
    assert "<" not in found["title"]
    studio.service.make_private(job.id, job.owner)
    assert "Evening" not in client.get(f"/?job={job.id}").text


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value[:20]))
def test_hostile_parameters_leave_the_page_as_it_is(client: TestClient, value: str) -> None:
    for path, name in (("/", "job"), ("/gallery", "search"), ("/gallery", "style"), ("/gallery", "order")):
        plain, asked = client.get(path), client.get(path, params={name: value})
        assert (asked.status_code, asked.text) == (200, plain.text)


@pytest.mark.parametrize("address", ["/nowhere", "/gallery/of/nobody", "/nowhere/", "/<b>"])
def test_an_address_without_a_page_leads_back(client: TestClient, address: str) -> None:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == 404
    assert "No such page" in answer.text
    assert 'href="http://testserver/"' in answer.text
    (sheet,) = re.findall(r'<link rel="stylesheet" href="http://testserver(/assets/style.css[^"]*)"', answer.text)
    assert client.get(sheet).status_code == 200
    assert "<b>" not in answer.text


def test_a_page_is_found_with_a_slash_after_it(client: TestClient) -> None:
    assert client.get("/gallery/", headers=PAGE, follow_redirects=False).headers["location"] == "http://testserver/gallery"


@pytest.mark.parametrize("address", ["/_stcore/health", "/static/none", "/app/static/a", "/healthz", "/manifest.json", "/robots.txt/"])
def test_streamlits_own_addresses_are_left_to_it(address: str) -> None:
    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("its own")(scope, receive, send)

    client = TestClient(Starlette(routes=[*server.routes(), Mount("/", streamlit)]))
    assert client.get(address, headers=PAGE).text == "its own"
    assert client.get("/nowhere", headers={"accept": "*/*"}).text == "its own", "programs"
    assert client.post("/nowhere", headers=PAGE).text == "its own"
