"""The cookie that identifies a browser."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from nst.errors import StoreUnavailable
from nst.service.visitors import new_token, owner_of
from nst.ui.owner import COOKIE
from tests.support.pages import DiskStudio
from tests.ui.browser import PAGE, app_with_pages, owner
from tests.ui.conftest import Configure


def test_the_first_page_sets_an_owner_that_scripts_cannot_read_and_the_next_one_keeps_it(visitor: Callable[[], TestClient]) -> None:
    client = visitor()
    again = client.get("/", headers=PAGE)
    assert "set-cookie" not in again.headers
    assert client.get("/missing", headers=PAGE).status_code == 404
    assert owner(client) != owner(visitor())
    first = TestClient(client.app).get("/", headers=PAGE)
    assert first.headers["cache-control"] == "private, no-store"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    behind_https = TestClient(client.app).get("/", headers={**PAGE, "x-forwarded-proto": "https"})
    assert "; Secure" in behind_https.headers["set-cookie"]
    assert behind_https.headers["set-cookie"].startswith(f"__Host-{COOKIE}=")


FORGED = f"{'a' * 43}.1000.{'0' * 64}"


@pytest.mark.parametrize("path", ["/styles/tide-wash", "/samples/cat", "/static/script.js", "/missing", "/readyz", "/pictures/x/after"])
def test_nothing_but_a_page_sets_the_cookie(visitor: Callable[[], TestClient], path: str) -> None:
    answer = TestClient(visitor().app).get(path, headers=PAGE)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["guess", "a" * 42, "a" * 43, "é", 'x"; Path=/', "", FORGED])
def test_an_invalid_owner_is_replaced(visitor: Callable[[], TestClient], cookie: str) -> None:
    answer = TestClient(visitor().app).get("/", headers={**PAGE, "cookie": f"{COOKIE}={cookie}".encode()})
    assert COOKIE in answer.headers["set-cookie"]


def test_in_a_frame_of_another_site_the_cookie_is_partitioned(studio: DiskStudio, configure: Configure) -> None:
    configure(data_dir=studio.settings.data_dir, embedded=True)
    answer = TestClient(app_with_pages()).get("/", headers=PAGE)
    assert "SameSite=None; Secure; Partitioned" in answer.headers["set-cookie"]
    assert answer.headers["content-security-policy"].startswith("frame-ancestors 'self' https://huggingface.co; ")


def test_on_https_a_cookie_that_http_can_set_does_not_count(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    planted = studio.service.visitors.issue()
    answer = TestClient(visitor().app).get("/", headers={**PAGE, "x-forwarded-proto": "https", "cookie": f"{COOKIE}={planted}"})
    name, _, cookie = answer.headers["set-cookie"].partition("=")
    assert name == f"__Host-{COOKIE}"
    assert planted.partition(".")[0] not in cookie
    both = {**PAGE, "x-forwarded-proto": "https", "cookie": f"{COOKIE}={planted}; {name}={cookie.partition(';')[0]}"}
    assert "set-cookie" not in TestClient(visitor().app).get("/", headers=both).headers


def test_a_browser_of_the_version_before_keeps_its_paintings(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    token = new_token()
    job = studio.submit(owner=token)
    studio.end(studio.begin())
    browser = TestClient(visitor().app, cookies={COOKIE: token})
    assert browser.get("/", headers=PAGE).headers["set-cookie"].startswith(f"{COOKIE}={token}.")
    assert browser.get(f"/pictures/{job.id}/after").status_code == 200
    assert [mine.id for mine in studio.service.mine(owner_of(token))] == [job.id]
    assert studio.service.mine(token) == []


def test_records_have_no_cookie_in_them(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    studio.painted(owner=owner(anna), public=True)
    stored = b"".join(path.read_bytes() for path in studio.settings.data_dir.rglob("*") if path.is_file())
    assert anna.cookies[COOKIE].partition(".")[0].encode() not in stored


def test_pages_are_served_while_the_cookie_cannot_be_checked(
    visitor: Callable[[], TestClient], studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = visitor()

    def away(*_: object) -> str:
        raise StoreUnavailable("The studio is away.")

    monkeypatch.setattr(type(studio.service.visitors), "read", away)
    assert anna.get("/", headers=PAGE).status_code == 200
    assert anna.get(f"/pictures/{'0' * 32}/after").status_code == 503


@pytest.mark.parametrize(
    ("forwarded", "secure"), [("https", True), ("HTTPS", True), ("https, http", True), ("http,https", False), ("", False)]
)
def test_the_cookie_is_secure_for_visitors_on_https(visitor: Callable[[], TestClient], forwarded: str, secure: bool) -> None:
    answer = TestClient(visitor().app).get("/", headers={**PAGE, "X-FORWARDED-PROTO": forwarded})
    assert ("; Secure" in answer.headers["set-cookie"]) == secure


def test_owners_are_unguessable() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
