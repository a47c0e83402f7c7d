"""The REST API, called by httpx and by schemathesis."""

import time
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.gateway.conftest import StartServer
from tests.gateway.node import Node
from tests.gateway.server import Server
from tests.support.gateway import a_submission, an_id


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api", timeout=60) as http:
        yield http


def submitted(http: httpx.Client, **changes: object) -> str:
    answer = http.post("/jobs", json=a_submission(**changes))
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["requestId"]
    assert answer.headers["Location"] == f"{http.base_url}jobs/{job_id}"
    return job_id


def finished(http: httpx.Client, job_id: str) -> dict[str, object]:
    tag = ""
    while True:
        answer = http.get(f"/jobs/{job_id}", params={"wait": 20}, headers={"If-None-Match": tag})
        if answer.status_code == 304:
            continue
        tag, job = answer.headers["ETag"], answer.json()
        if job["state"] not in ("queued", "running"):
            return dict(job)


def test_a_photo_is_painted(http: httpx.Client) -> None:
    job_id = submitted(http)
    job = finished(http, job_id)
    assert (job["state"], job["isPrivate"], job["fraction"]) == ("succeeded", True, 1.0)
    answer = http.get(f"/jobs/{job_id}/result")
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert httpx.get(str(job["result"])).content == answer.content


def test_a_time_lapse_is_for_those_who_may_see_the_photo(http: httpx.Client) -> None:
    private, public = submitted(http), submitted(http, isPrivate=False)
    for job_id in (private, public):
        finished(http, job_id)
    answer = http.get(f"/jobs/{private}/timelapse")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content[4:8]) == (200, "video/mp4", b"ftyp")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert http.get(f"/jobs/{public}/timelapse").status_code == 403
    assert http.get(f"/jobs/{an_id()}/timelapse").status_code == 404


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff"])
def test_a_painting_is_sent_in_the_format_that_is_asked_for(http: httpx.Client, format: str) -> None:
    private, public = submitted(http), submitted(http, isPrivate=False)
    for job_id, caching in ((private, "private, no-store"), (public, "public, no-cache")):
        finished(http, job_id)
        answer = http.get(f"/jobs/{job_id}/result", params={"format": format})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"image/{format}")
        assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (caching, "nosniff")
        with Image.open(BytesIO(answer.content)) as painting:
            assert painting.format == format.upper()
            assert painting.info["icc_profile"]
            assert format == "webp" or round(float(painting.info["dpi"][0])) == 300
        known = {"If-None-Match": answer.headers["ETag"]}
        assert http.get(f"/jobs/{job_id}/result", params={"format": format}, headers=known).status_code == 304


def test_each_format_has_an_entity_tag_of_its_own(http: httpx.Client) -> None:
    job_id = submitted(http)
    finished(http, job_id)
    formats: list[dict[str, str]] = [{}, *({"format": name} for name in ("jpeg", "png", "webp", "tiff"))]
    tags = [http.get(f"/jobs/{job_id}/result", params=chosen).headers["ETag"] for chosen in formats]
    assert len(set(tags)) == len(formats)
    for chosen in formats:
        known = {"If-None-Match": tags[formats.index(chosen)]}
        answer = http.get(f"/jobs/{job_id}/result", params=chosen, headers=known)
        assert (answer.status_code, answer.headers["ETag"], answer.content) == (304, known["If-None-Match"], b"")
        others = {"If-None-Match": ", ".join(tag for tag in tags if tag != known["If-None-Match"])}
        assert http.get(f"/jobs/{job_id}/result", params=chosen, headers=others).status_code == 200


def test_a_stored_painting_carries_its_resolution_and_profile(http: httpx.Client) -> None:
    job_id = submitted(http)
    finished(http, job_id)
    with Image.open(BytesIO(http.get(f"/jobs/{job_id}/result").content)) as painting:
        assert painting.info["dpi"] == (300, 300)
        assert painting.info["icc_profile"]


def test_other_formats_and_paintings_of_others_are_refused(http: httpx.Client) -> None:
    job_id = submitted(http)
    finished(http, job_id)
    assert http.get(f"/jobs/{job_id}/result", params={"format": "gif"}).status_code == 422
    assert http.get(f"/jobs/{an_id()}/result", params={"format": "tiff"}).status_code == 404


def test_a_job_that_has_not_changed_is_answered_with_304(http: httpx.Client) -> None:
    job_id = submitted(http)
    finished(http, job_id)
    tag = http.get(f"/jobs/{job_id}").headers["ETag"]
    assert http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag}).status_code == 304


def test_a_public_painting_may_be_cached_and_is_revalidated(http: httpx.Client) -> None:
    job_id = submitted(http, isPrivate=False)
    url = str(finished(http, job_id)["result"])
    answer = httpx.get(url)
    assert answer.headers["Cache-Control"] == "public, no-cache"
    again = httpx.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = http.get("/images", params={"limit": 1})
    assert page.json()["images"][0]["result"] == url
    assert http.get("/images", params={"limit": 1}, headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_head_ranges_and_all_forms_of_if_none_match_are_answered(http: httpx.Client) -> None:
    job_id = submitted(http, isPrivate=False)
    result = str(finished(http, job_id)["result"])
    for address in (f"/jobs/{job_id}/result", result, "/styles", f"/jobs/{job_id}"):
        whole, head = http.get(address), http.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert {name: head.headers[name] for name in ("etag", "content-type", "content-length")}.items() <= whole.headers.items()
        assert http.get(address, headers={"Range": "bytes=0-9"}).content in (whole.content, whole.content[:10])
        tag = whole.headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            assert http.get(address, headers={"If-None-Match": known}).status_code == 304
        assert http.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert http.head("/jobs/x").status_code == 422
    assert http.head("/nothing").status_code == 404


def test_the_id_grants_access_to_a_private_painting_and_no_longer_to_a_public_one(http: httpx.Client) -> None:
    private, public = submitted(http), submitted(http, isPrivate=False)
    finished(http, private)
    finished(http, public)
    assert http.delete(f"/jobs/{public}").status_code == 403
    assert http.post(f"/jobs/{public}/cancel").status_code == 403
    assert http.get(f"/jobs/{public}/result").status_code == 200
    assert http.delete(f"/jobs/{private}").status_code == 204
    assert http.get(f"/jobs/{private}").status_code == 404
    assert http.get(f"/jobs/{private}/result").status_code == 404


def test_a_job_is_cancelled(start: StartServer) -> None:
    own, _ = start("hangs")
    with httpx.Client(base_url=f"{own.url}/api", timeout=60) as http:
        job_id = submitted(http)
        assert http.post(f"/jobs/{job_id}/cancel").json()["requestId"] == job_id
        assert finished(http, job_id)["state"] == "cancelled"
        assert http.get(f"/jobs/{job_id}/result").status_code == 409


def test_the_same_id_again_is_the_same_job(http: httpx.Client) -> None:
    job_id = an_id()
    for _ in range(3):
        assert submitted(http, requestId=job_id) == job_id


def test_a_finished_painting_is_enlarged(start: StartServer) -> None:
    server, _ = start("tells_earlier")
    with httpx.Client(base_url=f"{server.url}/api", timeout=60) as http:
        parent = submitted(http)
        finished(http, parent)
        larger, wanted = an_id(), {"size": 1024}
        answer = http.post(f"/jobs/{parent}/larger", json={**wanted, "requestId": larger})
        assert answer.status_code == 202, answer.text
        assert (answer.json()["requestId"], answer.json()["parent"]) == (larger, parent)
        assert answer.headers["Location"] == f"{http.base_url}jobs/{larger}"
        job = finished(http, larger)
        assert (job["state"], job["isPrivate"], job["parent"]) == ("succeeded", True, parent)
        again = http.post(f"/jobs/{parent}/larger", json={**wanted, "requestId": larger})
        assert (again.status_code, again.json()["state"]) == (202, "succeeded")
        assert http.post(f"/jobs/{parent}/larger", json={"size": 40}).json()["code"] == "invalid_params"
        assert http.post(f"/jobs/{an_id()}/larger", json=wanted).json()["code"] == "unknown_job"


def test_only_the_submitter_enlarges_what_the_gallery_shows(http: httpx.Client) -> None:
    public = submitted(http, isPrivate=False)
    finished(http, public)
    assert http.post(f"/jobs/{public}/larger", json={"size": 1024}).json()["code"] == "not_allowed"


def test_an_unfinished_painting_is_not_enlarged(start: StartServer) -> None:
    server, _ = start("slow")
    with httpx.Client(base_url=f"{server.url}/api", timeout=60) as http:
        assert http.post(f"/jobs/{submitted(http)}/larger", json={"size": 1024}).json()["code"] == "wrong_state"


def test_a_socket_watches_a_job_that_was_submitted_over_rest(http: httpx.Client, node: Node) -> None:
    anna = node.client()
    job_id = submitted(http)
    anna.emit("WATCH_JOB", {"requestId": job_id})
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")


def test_a_body_above_the_limit_is_refused_with_a_sentence(http: httpx.Client) -> None:
    answer = http.post("/jobs", content=b"x" * 80_000_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "picture_too_large")


def test_a_body_that_is_not_json_is_refused_with_a_sentence(http: httpx.Client) -> None:
    for content in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[]"):
        answer = http.post("/jobs", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        assert set(answer.json()) == {"error", "code"}


@pytest.mark.parametrize(
    "key",
    [
        "public/output/../../studio.sqlite3",
        "%2e%2e/%2e%2e/etc/passwd",
        "private/preview/" + "0" * 32 + ".jpg",
        "style/none.jpg",
        "style/..jpg",
        "x",
        "x%0Ay",
    ],
)
def test_no_other_key_has_a_picture(http: httpx.Client, key: str) -> None:
    answer = http.get(f"/media/{key}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "code"}


def test_the_description_and_the_limits_are_published(http: httpx.Client) -> None:
    description = http.get("/openapi.json").json()
    assert description["servers"] == [{"url": "/api"}]
    assert {"/jobs", "/jobs/{job_id}", "/styles", "/images", "/limits"} <= set(description["paths"])
    limits = http.get("/limits").json()
    assert limits["maxBytes"] == 40_000_000
    assert limits["needsKey"] is False
    assert (limits["maxRegions"], "sky" in limits["regions"]) == (8, True)


def test_the_gateway_is_healthy_and_ready(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"healthy": True}
    assert httpx.get(f"{server.url}/readyz").json()["ready"] is True


def test_answers_match_the_openapi_description_whatever_is_requested(server: Server) -> None:
    """Schemathesis generates valid and invalid requests from the description, and checks the answers against it."""
    schema = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
    deadline = time.monotonic() + 60

    for operation in schema.get_all_operations():
        api = operation.ok()

        @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
        @given(case=api.as_strategy())
        def conforms(case: schemathesis.Case) -> None:
            if time.monotonic() < deadline:
                # A string that is valid in the description may still not be a picture or the name of a style.
                case.call_and_validate(timeout=60, excluded_checks=[positive_data_acceptance])

        conforms()
    assert "Traceback" not in server.log
