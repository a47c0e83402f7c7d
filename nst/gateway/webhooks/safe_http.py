"""HTTP requests to URLs from strangers, protected against server-side request forgery (SSRF).

Host names are resolved here, every address must be public, and the connection is made to the address that was checked:
a name that changes between check and request (DNS rebinding) has no effect. Redirects are not followed, proxies are not
used, and the body of the answer is not read.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpcore

from nst.errors import InvalidRequest

REQUEST_SECONDS = 15.0
LOOKUP_SECONDS = 5.0
_LOOKUPS = 8  # at a time, in threads of their own: a name server that does not answer holds up nothing else
_MIN_PORT = 1024  # below it are other services than web servers, but for 443
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_SPECIAL = [ipaddress.ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_RELAY = ipaddress.ip_network("192.88.99.0/24")  # of 6to4


class Unreachable(Exception):
    """The request could not be made."""


class PublicHttpClient:
    """
    Args:
        allow_private: private addresses and plain http, for a closed network.
    """

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._threads = ThreadPoolExecutor(_LOOKUPS, "lookup")

    async def check(self, url: str) -> None:
        """
        Raises:
            InvalidRequest: when no request would be made to this URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise InvalidRequest("webhook.url: this is not a URL.") from error
        if not host or parts.username is not None or parts.password is not None:
            raise InvalidRequest("webhook.url: this is not a URL, or it has a user name or password in it. Leave them out.")
        if parts.scheme != "https" and not self._allow_private:
            raise InvalidRequest("webhook.url: it must begin with https.")
        if port != 443 and port < _MIN_PORT and not self._allow_private:
            raise InvalidRequest("webhook.url: its port must be 443, or 1024 or higher.")
        try:
            await self.resolve(host, port)
        except Unreachable as error:
            raise InvalidRequest(f"webhook.url: {error}") from error

    async def resolve(self, host: str, port: int) -> str:
        """An IP address of the host.

        Raises:
            Unreachable: when it has none, or any of them is not public.
        """
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
                found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise Unreachable("the host name cannot be resolved.") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not (self._allow_private or all(map(is_public, addresses))):
            raise Unreachable("the host is not on the public internet.")
        return addresses[0]

    async def post(self, url: str, headers: Mapping[str, str], content: bytes) -> int:
        """The status of the answer.

        Raises:
            Unreachable: when there was none.
        """
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), REQUEST_SECONDS / 3)
        try:
            async with asyncio.timeout(REQUEST_SECONDS), httpcore.AsyncConnectionPool(network_backend=_PublicOnlyBackend(self)) as pool:
                sent = pool.stream("POST", url, headers=list(headers.items()), content=content, extensions={"timeout": timeouts})
                async with sent as answer:
                    return answer.status
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:  # TimeoutError is an OSError
            raise Unreachable("the host did not answer.") from error


class _PublicOnlyBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were checked."""

    def __init__(self, http_client: PublicHttpClient) -> None:
        self._client, self._inner = http_client, httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_tcp(await self._client.resolve(host, port), port, *rest, **options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet: of IPv6, what is assigned there, and IPv4 in the two forms that lead there."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        embedded = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF) if parsed in _NAT64 else parsed.ipv4_mapped
        if embedded is not None:
            return is_public(str(embedded))
        return parsed in _GLOBAL_UNICAST and parsed.is_global and not any(parsed in special for special in _SPECIAL)
    return parsed.is_global and not parsed.is_multicast and parsed not in _RELAY
