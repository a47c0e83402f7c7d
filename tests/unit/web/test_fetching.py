"""What servers answer instead of a file, and the sentences about it."""

import gzip
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler

import pytest

from nst import __version__
from nst.web import FetchError, ResponseTooLarge, fetch
from nst.web.responses import FetchedResponse, parse_retry_after
from tests.support.web import Web, answering, body_of

BODY = b"a file" * 1000


def test_requests_identify_the_program_and_ask_for_no_encoding(web: Web) -> None:
    web.pages["/a"] = answering(body=BODY)
    assert body_of(f"{web.url}/a") == BODY
    sent = web.seen[0][1]
    assert sent["user-agent"] == f"Pastiche/{__version__} (pastiche-studio; paints what a person has asked for)"
    assert sent["accept-encoding"] == "identity"


def test_an_encoded_body_is_decoded_within_the_limit(web: Web) -> None:
    web.pages["/a"] = answering(body=gzip.compress(BODY), Content_Encoding="gzip")
    web.pages["/bomb"] = answering(body=gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    web.pages["/wrong"] = answering(body=b"\x1f\x8b" + BODY, Content_Encoding="gzip")
    assert body_of(f"{web.url}/a") == BODY
    with pytest.raises(ResponseTooLarge, match="larger than 1 MB"):
        body_of(f"{web.url}/bomb")
    with pytest.raises(FetchError, match=r"cannot be decompressed \(gzip\)"):
        body_of(f"{web.url}/wrong")


def test_a_body_that_announces_too_many_bytes_is_refused_before_it_is_read(web: Web) -> None:
    web.pages["/a"] = answering(Content_Length="2000000")
    with pytest.raises(ResponseTooLarge):
        body_of(f"{web.url}/a")


def test_chunked_bodies_and_bodies_without_a_length_are_read(web: Web) -> None:
    def chunked(asked: BaseHTTPRequestHandler) -> None:
        asked.protocol_version = "HTTP/1.1"
        asked.send_response(200)
        asked.send_header("Transfer-Encoding", "chunked")
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.wfile.write(b"%x\r\n%s\r\n" % (len(BODY), BODY) * 2 + b"0\r\n\r\n")

    def unmeasured(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.end_headers()
        asked.wfile.write(BODY)

    web.pages |= {"/chunks": chunked, "/open": unmeasured}
    assert body_of(f"{web.url}/chunks") == 2 * BODY
    assert body_of(f"{web.url}/open") == BODY


@pytest.mark.parametrize("length", ["7000", "-1", "many", "5, 6"])
def test_a_wrong_or_invalid_length_is_reported(web: Web, length: str) -> None:
    web.pages["/a"] = answering(body=BODY, Content_Length=length)
    with pytest.raises(FetchError, match=r"could not be fetched from 127\.0\.0\.1: the connection broke off"):
        body_of(f"{web.url}/a")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "answers with status 401: it requires a login"),
        (403, "answers with status 403: access is denied"),
        (404, "answers with status 404. Check the address"),
        (407, "answers with status 407. Check the address"),
        (410, "answers with status 410. Check the address"),
        (418, "answers with status 418"),
        (429, "answers with status 429: too many requests. Try again later"),
        (500, "answers with status 500: the server has a problem"),
        (503, "answers with status 503"),
        (999, "answers with status 999"),
        (304, "answers with status 304"),
    ],
)
def test_an_error_status_is_reported_without_a_retry(web: Web, status: int, sentence: str) -> None:
    web.pages["/a"] = answering(status)
    with pytest.raises(FetchError, match=sentence):
        body_of(f"{web.url}/a")
    assert len(web.seen) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_short_wait_is_asked_again(web: Web, status: int) -> None:
    def busy(asked: BaseHTTPRequestHandler) -> None:
        answering(body=BODY)(asked) if len(web.seen) == 3 else answering(status, Retry_After="0")(asked)

    web.pages["/a"] = busy
    assert body_of(f"{web.url}/a") == BODY


def test_retries_are_bounded_in_number_and_time(web: Web) -> None:
    web.pages |= {"/always": answering(429, Retry_After="0"), "/tomorrow": answering(429, Retry_After="86400")}
    with pytest.raises(FetchError, match="status 429"):
        body_of(f"{web.url}/always")
    assert len(web.seen) == 3
    with pytest.raises(FetchError, match="Try again in 86400 seconds"):
        body_of(f"{web.url}/tomorrow")
    assert len(web.seen) == 4


def test_retry_after_is_a_number_or_a_date() -> None:
    assert parse_retry_after("7") == 7
    assert 50 < (parse_retry_after(formatdate(time.time() + 60, usegmt=True)) or 0) < 61
    assert parse_retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert [parse_retry_after(odd) for odd in ("", "soon", "-5", "1.5.2", "Mon, 99 Foo 2020")] == [None] * 5


def test_redirects_are_followed_to_other_servers_and_are_bounded(web: Web) -> None:
    web.pages |= {"/a": answering(302, Location="b%20c?d=e#f"), "/b%20c": answering(body=BODY), "/round": answering(302, Location="/round")}
    assert body_of(f"{web.url}/a") == BODY
    with pytest.raises(FetchError, match="redirects more than 3 times"):
        body_of(f"{web.url}/round")


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/a", "http://", "data:,a", "http://[", "http://127.0.0.1:port/"])
def test_redirects_to_other_schemes_and_invalid_addresses_are_reported(web: Web, place: str) -> None:
    web.pages["/a"] = answering(302, Location=place)
    with pytest.raises(FetchError):
        body_of(f"{web.url}/a")


def test_a_password_in_an_address_is_not_sent_to_another_server_after_a_redirect(web: Web) -> None:
    web.pages |= {"/a": answering(302, Location=f"{web.url.replace('127.0.0.1', 'localhost')}/b"), "/b": answering(body=BODY)}
    assert body_of(f"{web.url.replace('//', '//anna:secret@')}/a") == BODY
    assert ["authorization" in headers for _, headers in web.seen] == [True, False]


def test_addresses_may_have_spaces_non_ascii_characters_and_a_fragment(web: Web) -> None:
    web.pages["*"] = answering(body=BODY)
    assert body_of(f"{web.url}/my photo/фото%2F1.jpg?q=a b&c=ü#part") == BODY
    assert web.seen[0][0] == "/my%20photo/%D1%84%D0%BE%D1%82%D0%BE%2F1.jpg?q=a%20b&c=%C3%BC"


def test_a_silent_server_is_given_up_after_the_timeout(web: Web) -> None:
    given_up = threading.Event()
    web.pages["/a"] = lambda _: given_up.wait(60) and None  # type: ignore[assignment]  # nothing is answered
    with pytest.raises(FetchError, match=r"did not answer within 0\.2 seconds"):
        body_of(f"{web.url}/a", timeout=0.2)
    given_up.set()


def test_unreadable_certificates_are_reported(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(FetchError, match="SSL_CERT_FILE"):
        body_of(f"{web.url}/a")


def test_a_connection_that_breaks_off_is_retried_on_request(web: Web) -> None:
    def breaks(asked: BaseHTTPRequestHandler) -> None:
        answering(body=BODY, Content_Length=str(len(BODY) + (1 if len(web.seen) < 3 else 0)))(asked)

    web.pages["/a"] = breaks
    sizes: list[int] = []

    def take(response: FetchedResponse) -> None:
        sizes.append(sum(map(len, response.chunks(10**6))))

    fetch(f"{web.url}/a", take, timeout=10, retry_transient=True)
    assert sizes == [len(BODY)]
