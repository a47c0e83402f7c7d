"""The routes of pictures and downloads."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from nst import images
from nst.domain import JobProgress
from nst.images import Limits
from nst.settings import Settings
from nst.store.sqlite import Database
from tests.hostile.corpus.addresses import PATHS
from tests.support.pages import DiskStudio
from tests.ui.browser import PAGE, owner

KINDS = ("before", "after", "small-before", "small-after")


def test_private_pictures_reach_only_their_owner(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna))
    for kind in KINDS:
        answer = anna.get(f"/pictures/{job.id}/{kind}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert images.decode(answer.content, Limits.of(Settings())).size == (96, 64)
        assert bert.get(f"/pictures/{job.id}/{kind}").status_code == 404
        assert TestClient(anna.app).get(f"/pictures/{job.id}/{kind}").status_code == 404


def test_the_photo_of_a_painting_that_was_published_alone_is_its_owners(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna))
    studio.service.publish(job.id, owner(anna), with_photo=True)
    tag = {kind: bert.get(f"/pictures/{job.id}/{kind}").headers["etag"] for kind in ("before", "small-before", "card")}
    studio.service.publish(job.id, owner(anna))
    for kind in ("before", "small-before"):
        assert bert.get(f"/pictures/{job.id}/{kind}", headers={"if-none-match": tag[kind]}).status_code == 404
        assert anna.get(f"/pictures/{job.id}/{kind}").status_code == 200
    assert bert.get(f"/pictures/{job.id}/small-after").status_code == 200
    assert bert.get(f"/pictures/{job.id}/card", headers={"if-none-match": tag["card"]}).status_code == 200, (
        "another card, without the photo"
    )


def test_pictures_are_served_with_safe_headers(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    job = studio.painted(owner=owner(anna))
    headers = anna.get(f"/pictures/{job.id}/after").headers
    assert headers["content-type"].startswith("image/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("kind", ["after", "small-after"])
def test_a_picture_that_is_opened_by_itself_has_its_own_policy(visitor: Callable[[], TestClient], studio: DiskStudio, kind: str) -> None:
    anna = visitor()
    job = studio.painted(owner=owner(anna))
    headers = anna.get(f"/pictures/{job.id}/{kind}", headers=PAGE).headers
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_public_picture_is_revalidated_and_disappears_when_it_is_made_private(
    visitor: Callable[[], TestClient], studio: DiskStudio
) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner(anna), public=True)
    answer = bert.get(f"/pictures/{job.id}/after")
    assert answer.headers["cache-control"] == "public, no-cache"
    tag = {"if-none-match": answer.headers["etag"]}
    assert bert.get(f"/pictures/{job.id}/after", headers=tag).status_code == 304
    studio.service.make_private(job.id, owner(anna))
    assert bert.get(f"/pictures/{job.id}/after", headers=tag).status_code == 404
    assert bert.get(f"/pictures/{job.id}/small-after").status_code == 404


def test_the_tag_of_a_picture_is_not_that_of_another_with_its_id(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    job = studio.painted(owner=owner(anna), public=True)
    tags = {anna.get(f"/pictures/{job.id}/after").headers["etag"] for _ in range(2)}
    assert len(tags) == 1
    with Database(studio.settings.data_dir / "studio.sqlite3").writing() as connection:
        connection.execute("UPDATE jobs SET finished = finished + 1 WHERE id = ?", (job.id,))
    assert anna.get(f"/pictures/{job.id}/after", headers={"if-none-match": tags.pop()}).status_code == 200


def test_the_preview_is_for_the_owner_alone(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.submit(owner=owner(anna), public=True)
    assert anna.get(f"/pictures/{job.id}/preview").status_code == 404
    studio.begin(JobProgress(0.5, "scale 1 of 2"))
    assert anna.get(f"/pictures/{job.id}/preview").headers["content-type"] == "image/jpeg"
    assert bert.get(f"/pictures/{job.id}/preview").status_code == 404


@pytest.mark.parametrize("path", ["/pictures/x/after", "/pictures/../secret/after", "/styles/none", "/samples/none"])
def test_unknown_pictures_are_not_found(visitor: Callable[[], TestClient], path: str) -> None:
    assert visitor().get(path).status_code == 404


def test_a_picture_of_an_unknown_kind_is_not_found(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    job = studio.painted(owner=owner(anna))
    assert anna.get(f"/pictures/{job.id}/recipe").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_answer_all_kinds_of_conditional_requests(visitor: Callable[[], TestClient], studio: DiskStudio, kind: str) -> None:
    anna = visitor()
    address = f"/pictures/{studio.painted(owner=owner(anna), public=True).id}/{kind}"
    whole = anna.get(address)
    head = anna.head(address)
    assert (head.status_code, head.content, head.headers) == (200, b"", whole.headers)
    assert anna.get(address, headers={"range": "bytes=0-9"}).content in (whole.content, whole.content[:10])
    tag = whole.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', f'W/"other",W/{tag}', "*"):
        assert anna.get(address, headers={"IF-NONE-MATCH": known}).status_code == 304
    for unknown in ("", '"other"', tag.strip('"'), ","):
        assert anna.get(address, headers={"if-none-match": unknown}).status_code == 200


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path[:40]))
def test_a_malformed_picture_url_is_not_found(visitor: Callable[[], TestClient], path: str) -> None:
    assert visitor().get(path).status_code == 404


def test_styles_and_samples_have_thumbnails(visitor: Callable[[], TestClient]) -> None:
    for path, width in (("/styles/tide-wash", 300), ("/samples/cat", 300), ("/samples/cat?size=large", 451)):  # the file's own width
        answer = visitor().get(path)
        assert answer.headers["content-type"] == "image/webp"
        assert len(answer.content) < 60_000
        assert images.decode(answer.content, Limits.of(Settings())).width == width


def test_a_download_goes_to_the_first_browser_only(visitor: Callable[[], TestClient]) -> None:
    anna, bert = visitor(), visitor()
    assert anna.get("/media/a.png").status_code == 200
    assert anna.get("/media/a.png").status_code == 200
    assert bert.get("/media/a.png").status_code == 404
