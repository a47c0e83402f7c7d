"""Proxies from the environment: usable, unusable, and none."""

import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest

from nst.web import FetchError
from nst.web.proxies import proxy_for
from tests.support.web import Babbling, Silent, Socks, Web, answering, body_of, running

ELSEWHERE = "http://pictures.example.org/a.jpg"


@pytest.fixture
def socks() -> Iterator[Socks]:
    with running(Socks()) as server:
        yield server


@pytest.fixture
def closed() -> str:
    """An address without a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"])
def test_requests_go_through_the_proxy(web: Web, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    web.pages["*"] = answering(body=b"by way of the proxy")
    for proxy in (web.url, f" {web.url}/ ", web.url.removeprefix("http://"), web.url.upper(), web.url.replace("//", "//anna:p%40ss@")):
        monkeypatch.setenv(variable, proxy)
        assert body_of(ELSEWHERE) == b"by way of the proxy"
    assert web.seen[0][0] == ELSEWHERE
    assert web.seen[-1][1]["proxy-authorization"] == f"Basic {b64encode(b'anna:p@ss').decode()}"


@pytest.mark.parametrize("scheme", ["socks", "socks5", "socks5h", "SOCKS5"])
def test_a_socks_proxy_resolves_the_servers_name(web: Web, socks: Socks, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    web.pages["/a"] = answering(body=b"by way of the proxy")
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://{socks.url}/")
    assert body_of(f"http://localhost:{web.server_port}/a") == b"by way of the proxy"
    assert socks.asked == [f"localhost:{web.server_port}"]


@pytest.mark.parametrize(
    ("proxy", "label"),
    [
        ("socks4://anna:secret@127.0.0.1:9", "socks4://127.0.0.1:9"),
        ("ftp://127.0.0.1:9", "ftp://127.0.0.1:9"),
        ("http://", "http://"),
        ("http://anna:secret@", "http://"),
        ("socks5://", "socks5://"),
        ("http://[::1", "http://[::1"),
        ("http://127.0.0.1:port", "http://127.0.0.1:port"),
        ("socks5://127.0.0.1:99999", "socks5://127.0.0.1:99999"),
        ("anna:secret@127.0.0.1:port", "http://127.0.0.1:port"),
        ("http://127.0.0.1\x7f:9", "http://127.0.0.1"),
        ("http://anna:se/cr@et@[127.0.0.1:9", "http://[127.0.0.1:9"),
    ],
)
def test_an_invalid_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, proxy: str, label: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(FetchError) as caught:
        body_of(ELSEWHERE)
    assert f"The proxy {label}" in str(caught.value)
    assert "ALL_PROXY" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "https", "socks", "socks5h"])
@pytest.mark.parametrize("address", [ELSEWHERE, ELSEWHERE.replace("http", "https")])
def test_an_unreachable_proxy_is_named(monkeypatch: pytest.MonkeyPatch, closed: str, scheme: str, address: str) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://anna:secret@{closed}")
    with pytest.raises(FetchError) as caught:
        body_of(address)
    assert f"The proxy {scheme}://{closed} (ALL_PROXY) cannot be reached" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", [ELSEWHERE, ELSEWHERE.replace("http", "https")])
def test_a_proxy_that_wants_a_password_is_named(web: Web, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    web.pages["*"] = answering(407, Proxy_Authenticate="Basic")
    for variable in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, web.url.replace("//", "//anna:secret@"))
    with pytest.raises(FetchError, match=rf"The proxy {web.url} \(HTTPS?_PROXY\) asks for a user and a password \(status 407\)") as caught:
        body_of(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("method", [2, 255])
def test_a_socks_proxy_that_wants_a_password_is_named(socks: Socks, monkeypatch: pytest.MonkeyPatch, method: int) -> None:
    socks.method = method
    monkeypatch.setenv("ALL_PROXY", f"socks5://{socks.url}")
    with pytest.raises(FetchError, match=rf"The proxy socks5://{socks.url} \(ALL_PROXY\) asks for a user and a password"):
        body_of(ELSEWHERE)


def test_a_proxy_that_does_not_connect_is_named(web: Web, socks: Socks, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["*"], socks.reply = answering(502), 5
    for proxy, address in ((f"socks5://{socks.url}", ELSEWHERE), (web.url, "https://pictures.example.org/a.jpg")):
        monkeypatch.setenv("ALL_PROXY", proxy)
        with pytest.raises(FetchError, match=rf"The proxy {proxy} \(ALL_PROXY\) does not connect to pictures.example.org"):
            body_of(address)
    monkeypatch.setenv("ALL_PROXY", web.url)
    with pytest.raises(FetchError, match=rf"through the proxy {web.url} \(ALL_PROXY\), answers with status 502"):
        body_of(ELSEWHERE)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("kind", [Silent, Babbling])
def test_a_server_that_is_not_a_proxy_is_given_up_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch, scheme: str, kind: type[Silent]
) -> None:
    with running(kind()) as server:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://{server.url}")
        for address in (ELSEWHERE, ELSEWHERE.replace("http", "https")):
            with pytest.raises(FetchError, match=rf"The proxy {scheme}://{server.url} \(ALL_PROXY\)"):
                body_of(address, timeout=0.3)


@pytest.mark.parametrize(
    "exempt",
    [
        "*",
        "127.0.0.1",
        "127.0.0.0/8",
        "example.org, 127.0.0.1",
        "example.org 127.0.0.1",
        "http://127.0.0.1",
        "[::1],127.0.0.1",
        "::1/128,,127.0.0.1",
    ],
)
def test_servers_in_no_proxy_are_asked_directly(web: Web, monkeypatch: pytest.MonkeyPatch, closed: str, exempt: str) -> None:
    web.pages["/a"] = answering(body=b"directly")
    monkeypatch.setenv("ALL_PROXY", f"socks4://{closed}")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, exempt)
        assert body_of(f"{web.url}/a") == b"directly"
        monkeypatch.delenv(variable)


@pytest.mark.parametrize(
    ("exempt", "host", "is_exempt"),
    [
        ("example.org", "example.org", True),
        ("example.org", "a.example.org", True),
        ("example.org", "notexample.org", False),
        (".example.org", "a.example.org", True),
        ("*.example.org", "a.example.org", True),
        ("EXAMPLE.org", "A.Example.Org", True),
        ("example.org:80", "example.org", True),
        ("example.org:8080", "example.org", False),
        ("::1", "::1", True),
        ("[::1]:80", "::1", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/99", "10.1.2.3", False),
        ("[", "example.org", False),
        ("", "example.org", False),
    ],
)
def test_entries_of_no_proxy_match_servers(monkeypatch: pytest.MonkeyPatch, exempt: str, host: str, is_exempt: bool) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert (proxy_for("http", host, 80) is None) == is_exempt


def test_each_scheme_has_its_own_proxy_and_an_empty_one_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert proxy_for("http", "example.org", 80) is None
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:2")
    ways = [proxy_for(scheme, "example.org", 1) for scheme in ("http", "https")]
    assert [way.address for way in ways if way] == ["http://127.0.0.1:2", "http://127.0.0.1:1"]
    monkeypatch.setenv("ALL_PROXY", " ")
    assert proxy_for("http", "example.org", 80) is None


def test_a_redirect_uses_the_proxy_of_its_own_server(web: Web, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/a"] = answering(302, Location=ELSEWHERE)
    monkeypatch.setenv("ALL_PROXY", f"http://{closed}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FetchError, match=rf"The proxy http://{closed} \(ALL_PROXY\) cannot be reached"):
        body_of(f"{web.url}/a")
