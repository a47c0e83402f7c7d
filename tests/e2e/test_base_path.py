"""The studio under a base path, alone and with proxies that pass on nothing else."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Response, expect

from nst.settings import Settings
from nst.ui.owner import COOKIE
from tests.e2e.conftest import ANNA, OpenBrowser, Studio, annas_cookie, button, element, evaluated, served
from tests.e2e.proxy import Proxy, proxied
from tests.support.pages import DiskStudio

# Streamlit's page requests these to find its base path; the browser requests an icon for URLs that are no pages.
_PROBED = re.compile(r"/_stcore/|^/favicon\.ico$")
LOADED = "[...document.images].every(image => image.complete && image.naturalWidth)"
WAYS = ["alone", "proxied", "proxied and stripped", "nested"]


class Place:
    """
    Attributes:
        url: the studio's URL for visitors.
        path: the base path.
        is_configured: whether the base path is a setting of the studio, rather than a header of each request.
    """

    def __init__(self, url: str, data_dir: Path, proxy: Proxy | None = None, is_configured: bool = True) -> None:
        self.is_configured = is_configured
        self.url, self.path, self.proxy = url, urlsplit(url).path, proxy
        self.disk = DiskStudio(Settings(data_dir=data_dir, uploads_per_minute=1000, jobs_per_visitor=1000))


@pytest.fixture(scope="module", params=WAYS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data_dir = tmp_path_factory.mktemp("studio")
    path = "/a/b" if request.param == "nested" else "/studio"
    strips = "stripped" in request.param
    with ExitStack() as stack:
        options = () if strips else ("--server.baseUrlPath", path.strip("/"))
        studio: Studio = stack.enter_context(served(data_dir, *options, NST_OWN_WORKER="false", NST_PREVIEWS="true"))
        if request.param == "alone":
            yield Place(f"{studio.url}{path}", data_dir)
        else:
            proxy = stack.enter_context(proxied(urlsplit(studio.url).port or 0, path, strips))
            yield Place(proxy.url, data_dir, proxy, is_configured=not strips)


@pytest.fixture
def visit(place: Place, visitor: OpenBrowser) -> Iterator[Callable[[str], Page]]:
    """Opens a page as Anna. At the end, all requests were below the base path, and all responses to image requests were images."""
    answers: list[Response] = []

    def opened(address: str = "/") -> Page:
        page = visitor(f"{place.url}/healthz")
        page.context.add_cookies([{"name": COOKIE, "value": annas_cookie(), "url": place.url}])
        page.on("response", lambda answer: answers.append(answer))  # Playwright does not accept a builtin such as `append`
        page.goto(f"{place.url}{address}")
        return page

    yield opened
    for answer in answers:
        if not answer.url.startswith(("data:", "blob:")) and not _PROBED.search(answer.url):
            assert urlsplit(answer.url).path.startswith(f"{place.path}/") or urlsplit(answer.url).path == place.path, answer.url
            assert answer.status < 400, answer.url
        if answer.request.resource_type == "image" and answer.status == 200:
            assert answer.headers["content-type"].startswith("image/"), answer.url
    assert answers
    assert place.proxy is None or not [path for path in place.proxy.refused if not _PROBED.search(path)]


def test_all_pictures_of_all_pages_are_shown_and_links_stay_below_the_path(place: Place, visit: Callable[..., Page]) -> None:
    job = place.disk.painted(owner=ANNA, public=True)
    page = visit()
    expect(button(page, "submit")).to_be_visible()
    evaluated(page, "document.querySelectorAll('img.thumb').length >= 20")
    for image in page.locator("img.thumb").all():
        image.scroll_into_view_if_needed()
    evaluated(page, LOADED)
    for name, key in (("gallery", f"entry_{job.id}"), ("my_pictures", f"mine_{job.id}")):
        page.goto(f"{place.url}/{name}")
        expect(element(page, key)).to_be_visible()
        element(page, key).scroll_into_view_if_needed()
        evaluated(page, LOADED)
    element(page, f"mine_{job.id}").locator("a.card").click()
    expect(page.locator(".compare img.after")).to_be_visible()
    for kind in ("before", "after"):
        page.locator(f".compare img.{kind}").evaluate("image => image.decode()")
    assert page.url == f"{place.url}/?job={job.id}"
    expect(page.get_by_role("textbox", name="Link to this painting")).to_have_value(page.url)
    with page.expect_download() as download:
        element(page, "download").get_by_role("link").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_deep_link_opens_cold_and_pages_lead_to_each_other(place: Place, visit: Callable[..., Page]) -> None:
    job = place.disk.painted(owner=ANNA, public=True)
    page = visit(f"/?job={job.id}")
    expect(element(page, "result")).to_be_visible()
    page.get_by_role("link", name="Gallery").first.click()
    expect(element(page, f"entry_{job.id}")).to_be_visible()
    assert page.url == f"{place.url}/gallery"
    page.locator("section.carousel img.after").evaluate("image => image.decode()")
    page.locator("section.carousel a.frame").click()
    expect(element(page, "result")).to_be_visible()
    page.goto(f"{place.url}/gallery")
    button(page, f"like_{job.id}").click()
    expect(button(page, "style_tide-wash")).to_contain_text("✓")


def test_a_photo_is_tried_in_each_style(place: Place, visit: Callable[..., Page]) -> None:
    page = visit()
    button(page, "sample_coffee").click()
    expect(page.locator(".chosen-photo img")).to_be_visible()
    element(page, "try_all").locator("label").click()
    evaluated(page, "document.querySelectorAll('img.thumb[src*=\"/sketches/\"]').length >= 10")
    assert all(
        image.get_attribute("src").startswith(f"{place.path}/sketches/") for image in page.locator("img.thumb[src*='/sketches/']").all()
    )


def test_addresses_of_the_server_are_below_the_path_and_the_cookie_is_for_it(place: Place) -> None:
    job = place.disk.painted(owner=ANNA, public=True)
    with httpx.Client(base_url=place.url, cookies={COOKIE: annas_cookie()}) as client:
        for address in ("/samples/astronaut", "/styles/starlit-swirl", f"/pictures/{job.id}/after", f"/pictures/{job.id}/small-before"):
            answer = client.get(f"{place.url}{address}")
            assert (answer.status_code, answer.headers["content-type"][:6]) == (200, "image/")
        for address in ("/pictures/x", f"/pictures//{job.id}/after", "/samples/", "/styles/a/b", "/sketches/x"):
            assert client.get(f"{place.url}{address}").status_code == 404
        assert client.get(f"{place.url}/readyz").json()["ready"]
    with httpx.Client(follow_redirects=True) as client:
        # Without its last slash, a path that is taken off is the proxy's own business.
        for address in ("", "/", f"?job={job.id}") if place.is_configured else ("/",):
            page = client.get(f"{place.url}{address}", headers={"Accept": "text/html"})
            assert "<html" in page.text
            assert str(page.url).startswith(f"{place.url}/")
        cookie = httpx.get(f"{place.url}/", headers={"Accept": "text/html"}).headers["set-cookie"]
        assert f"Path={place.path};" in cookie


def test_a_download_goes_to_no_other_browser_below_the_path(place: Place, visit: Callable[..., Page]) -> None:
    job = place.disk.painted(owner=ANNA)
    page = visit(f"/?job={job.id}")
    with page.expect_download() as download:
        element(page, "download").get_by_role("link").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert download.value.url.startswith(f"{place.url}/downloads/")
    assert httpx.get(download.value.url).status_code == 404


@pytest.mark.parametrize("place", ["proxied"], indirect=True)
def test_programs_find_the_gateway_below_the_path(place: Place) -> None:
    job = place.disk.painted(owner=ANNA, public=True)
    style = httpx.get(f"{place.url}/api/styles").json()[0]
    assert style["url"] == f"{place.url}/api/media/style/{style['name']}.jpg"
    assert httpx.get(style["url"]).headers["content-type"] == "image/jpeg"
    (image,) = [image for image in httpx.get(f"{place.url}/api/images").json()["images"] if image["requestId"] == job.id]
    assert httpx.get(image["result"]).status_code == 200
    hello = httpx.get(f"{place.url}/socket.io/", params={"EIO": "4", "transport": "polling"})
    assert hello.text.startswith('0{"sid"')
