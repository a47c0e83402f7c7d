"""The example of a reverse proxy in front of a studio: pages, sockets, uploads and REST go through it; slow headers do not."""

import asyncio
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.gateway.server import StudioServer
from tests.hostile.attacks.client import http_client, open_page, stream_url, upload
from tests.support.gateway import a_submission
from tests.support.servers import free_port

pytestmark = pytest.mark.servers

CONNECTIONS = 20
EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx" / "pastiche.conf"
# One process, of the user that runs the tests: others may not enter their folders.
AROUND = """
daemon off;
master_process off;
error_log stderr;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/pastiche.conf;
}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The proxy's URL. Of the example, two ports, the time for headers and the number of connections are changed."""
    pytest.importorskip("streamlit.starlette", reason="the app's requirements are not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
        studio = StudioServer(folder, previews="false", own_worker="false", connections_per_address=3).start()
        stack.callback(studio.close)
        port = free_port()
        changes = {"listen 80;": f"listen 127.0.0.1:{port};", ":8501;": f":{studio.port};"}
        changes |= {"header_timeout 10s": "header_timeout 2s", "limit_conn pastiche 250": f"limit_conn pastiche {CONNECTIONS}"}
        example = EXAMPLE.read_text(encoding="utf-8")
        for theirs, ours in changes.items():
            assert theirs in example
            example = example.replace(theirs, ours)
        (folder / "pastiche.conf").write_text(example, encoding="utf-8")
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
        process = subprocess.Popen([nginx(), "-c", str(folder / "nginx.conf"), "-p", str(folder)])
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        yield answering(f"http://127.0.0.1:{port}")


def nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.fail("There is no nginx here. Debian's package is nginx-light; scripts/test installs it when it may.")
    return found


def answering(url: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            assert httpx.get(f"{url}/healthz").json() == {"healthy": True}
            return url
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")


def test_a_page_is_shown_and_takes_an_upload(site: str) -> None:
    assert "<html" in httpx.get(site, headers={"Accept": "text/html"}).text

    async def visit() -> int:
        async with http_client(site) as client, open_page(site) as page:
            assert "photo" in page.widgets
            return (await upload(client, page, b"x" * 5_000_000))[1]

    assert asyncio.run(visit()) == 204


def test_programs_are_served_and_told_the_addresses_that_they_see(site: str) -> None:
    answer = httpx.post(f"{site}/api/jobs", json=a_submission())
    assert answer.status_code == 202
    assert httpx.get(f"{site}/api/styles").json()[0]["url"].startswith(f"{site}/")
    assert httpx.get(f"{site}/socket.io/", params={"EIO": "4", "transport": "polling"}).text.startswith('0{"sid"')
    assert httpx.post(f"{site}/api/jobs", content=b"x" * 60_000_000).status_code == 413


def test_a_browser_of_another_site_gets_no_page(site: str) -> None:
    async def visit() -> None:
        async with connect(stream_url(site), origin="http://elsewhere.example"):  # type: ignore[arg-type]
            pass

    with pytest.raises(InvalidStatus, match="403"):
        asyncio.run(visit())


def test_limits_count_visitors_whatever_address_they_claim(site: str) -> None:
    async def pages_of(address: str) -> int:
        async with AsyncExitStack() as pages:
            for count in range(9):
                try:
                    claimed = {"X-Forwarded-For": "203.0.113.7"}
                    await pages.enter_async_context(connect(stream_url(site), additional_headers=claimed, local_addr=(address, 0)))
                except InvalidStatus as refused:
                    assert refused.response.status_code == 429
                    return count
        return 9

    async def run() -> list[int]:
        return [await pages_of(address) for address in ("127.0.0.2", "127.0.0.3")]

    assert asyncio.run(run()) == [3, 3]


def test_what_a_client_says_of_scheme_and_prefix_counts_for_nothing(site: str) -> None:
    claimed = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/elsewhere"}
    assert httpx.get(f"{site}/api/styles", headers=claimed).json()[0]["url"].startswith(f"{site}/api/")
    cookie = httpx.get(site, headers={**claimed, "Accept": "text/html"}).headers["set-cookie"]
    assert "; Secure" not in cookie
    assert "/elsewhere" not in cookie


def test_an_address_has_few_connections_and_bodies_that_do_not_arrive_do_not_reach_the_studio(site: str) -> None:
    begun = b"POST /api/jobs HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"
    with ExitStack() as stack:

        def send(address: str) -> socket.socket:
            port = int(site.rpartition(":")[2])
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(address, 0)))
            line.sendall(begun)
            line.settimeout(30)
            return line

        lines = [send("127.0.0.4") for _ in range(CONNECTIONS + 1)]
        readable, _, _ = select.select(lines, [], [], 30)
        assert [line.recv(12) for line in readable] == [b"HTTP/1.1 429"]
        assert not select.select([send("127.0.0.5")], [], [], 0.5)[0], "another address may send"


def test_headers_that_do_not_arrive_are_given_up(site: str) -> None:
    with socket.create_connection(("127.0.0.1", int(site.rpartition(":")[2]))) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n")
        line.settimeout(20)
        begin = time.monotonic()
        with suppress(ConnectionResetError):
            assert b"200" not in line.recv(1000)
        assert time.monotonic() - begin < 10
