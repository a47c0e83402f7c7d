"""Pictures reach browsers and programs from the bucket and its CDN, not through the app."""

import asyncio
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from PIL import Image
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from nst.gateway import Gateway
from nst.gateway.app import standalone
from nst.ui import singletons
from tests.cloud.conftest import MakeCloud
from tests.support.cloud import Cloud
from tests.support.pages import words
from tests.support.pictures import picture_bytes
from tests.ui.browser import PAGE, app_with_pages, owner
from tests.ui.conftest import ROOT, SINGLETONS

CDN = "https://pictures.example"
IMAGE, SCRIPT = {"sec-fetch-mode": "no-cors"}, {"sec-fetch-mode": "cors"}


@pytest.fixture
def cloud(make_cloud: MakeCloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """With a CDN, and pages that use it."""
    cloud = make_cloud(cdn_url=CDN)
    for singleton in SINGLETONS:
        singleton.cache_clear()
    monkeypatch.setattr(singletons, "service", lambda: cloud.service)
    monkeypatch.setattr(singletons, "settings", lambda: cloud.settings)
    return cloud


def s3_requests(cloud: Cloud) -> list[str]:
    return [request for request in cloud.aws.failures.seen if request.startswith("s3")]


def test_an_agent_stores_thumbnails_beside_the_painting(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit(photo=picture_bytes(900, 600), public=True))
    assert job.has_thumbnails
    for key in job.thumbnail_keys:
        small = Image.open(BytesIO(cloud.backend.objects.get(key)))
        assert (small.format, small.size) == ("WEBP", (480, 320))
    assert job.thumbnail_keys == (f"public/thumbnail/{job.id}-input.webp", f"public/thumbnail/{job.id}-output.webp")
    cloud.service.delete(job.id, "anna")
    assert cloud.aws.keys() == set()


def test_a_page_of_the_gallery_costs_the_app_no_request_to_the_bucket(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit(public=True))
    cloud.aws.failures.seen.clear()
    page = AppTest.from_file(ROOT / "pages/gallery.py", default_timeout=30)
    page.session_state["temporary_owner"] = "bert" * 8
    shown = words(page.run())
    assert not page.exception
    assert f"{CDN}/public/thumbnail/{job.id}-output.webp" in shown
    assert f"{CDN}/public/thumbnail/{job.id}-input.webp" in shown
    with TestClient(app_with_pages(), follow_redirects=False) as browser:
        for kind in ("before", "after", "small-before", "small-after"):
            assert browser.get(f"/pictures/{job.id}/{kind}", headers=IMAGE).status_code == 302
    assert s3_requests(cloud) == []


def test_public_pictures_are_redirected_to_the_cdn_and_private_ones_to_a_link_that_expires(cloud: Cloud) -> None:
    browser = TestClient(app_with_pages(), follow_redirects=False)
    browser.get("/", headers=PAGE)
    anna = owner(browser)
    job = cloud.finished(cloud.submit(owner=anna))
    private = browser.get(f"/pictures/{job.id}/small-after", headers=IMAGE)
    assert (private.status_code, private.headers["cache-control"]) == (302, "private, no-store")
    assert private.headers["cross-origin-resource-policy"] == "same-origin", "other sites show no visitor's private pictures"
    with urlopen(private.headers["location"]) as answer:  # noqa: S310 -- of the simulated AWS
        assert answer.headers["content-type"] == "image/webp"
    assert TestClient(app_with_pages(), follow_redirects=False).get(f"/pictures/{job.id}/after").status_code == 404
    cloud.service.publish(job.id, anna)
    public = browser.get(f"/pictures/{job.id}/after", headers=IMAGE)
    assert (public.status_code, public.headers["cache-control"]) == (302, "public, no-cache")
    assert public.headers["location"] == f"{CDN}/public/output/{job.id}.jpg"
    assert browser.get(f"/pictures/{job.id}/before", headers=IMAGE).headers["location"].startswith(cloud.aws.url)
    script = browser.get(f"/pictures/{job.id}/after", headers=SCRIPT)  # which may not read another site's pictures
    assert (script.status_code, script.headers["content-type"]) == (200, "image/jpeg")


def test_a_painting_of_an_earlier_version_is_shown_as_before(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit(public=True))
    cloud.backend.objects.delete(job.thumbnail_keys)
    key = f"{{{cloud.settings.redis_prefix}}}:job:{job.id}"
    cloud.backend.jobs._connection.call("HDEL", key, "has_thumbnails")  # type: ignore[attr-defined]
    page = AppTest.from_file(ROOT / "pages/gallery.py", default_timeout=30)
    page.session_state["temporary_owner"] = "bert" * 8
    assert f"/pictures/{job.id}/small-after" in words(page.run())
    answer = TestClient(app_with_pages(), follow_redirects=False).get(f"/pictures/{job.id}/small-after", headers=IMAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


@pytest.fixture
def programs(cloud: Cloud) -> Any:
    async def build() -> TestClient:
        return TestClient(standalone(Gateway(cloud.service, cloud.settings), ()), follow_redirects=False)

    return asyncio.run(build())


def test_programs_are_given_urls_of_the_cdn_and_of_the_bucket(cloud: Cloud, programs: TestClient) -> None:
    shown, alone = cloud.finished(cloud.submit(public=True)), cloud.finished(cloud.submit(owner="bert"))
    cloud.service.publish(alone.id, "bert")
    cloud.aws.failures.seen.clear()
    listed = {image["requestId"]: image for image in programs.get("/api/images").json()["images"]}
    assert listed[shown.id]["result"] == f"{CDN}/public/output/{shown.id}.jpg"
    assert listed[shown.id]["before"] == f"{CDN}/public/input/{shown.id}.jpg"
    published_alone = urlsplit(listed[alone.id]["result"]).path  # programs derive the photo's URL from it
    assert published_alone == urlsplit(listed[alone.id]["before"]).path == f"/api/media/public/output/{alone.id}.jpg"
    for path in (published_alone, published_alone.replace("/output/", "/input/"), f"/api/jobs/{alone.id}/result"):
        answer = programs.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{CDN}/public/output/{alone.id}.jpg")
        assert answer.headers["cache-control"] == "public, no-cache"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert programs.get(f"/api/jobs/{shown.id}").json()["result"] == listed[shown.id]["result"]
    assert s3_requests(cloud) == []
    assert programs.get(published_alone, headers=SCRIPT).status_code == 200


def test_a_programs_private_painting_has_a_link_that_opens_it(cloud: Cloud, programs: TestClient) -> None:
    body = {"image": "data:image/png;base64," + _base64(picture_bytes()), "style": "tide-wash", "isPrivate": True}
    job_id = programs.post("/api/jobs", json=body).json()["requestId"]
    cloud.relay_until(lambda: programs.get(f"/api/jobs/{job_id}").json()["state"] == "succeeded")
    for link in (programs.get(f"/api/jobs/{job_id}").json()["result"], programs.get(f"/api/jobs/{job_id}/result").headers["location"]):
        assert "X-Amz-Signature" in link
        with urlopen(link) as answer:  # noqa: S310 -- of the simulated AWS
            assert answer.headers["content-type"].startswith("image/")


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode()
