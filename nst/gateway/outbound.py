"""Calls to addresses that strangers name: never to a machine inside, whatever the name says now or a moment later.

The name is looked up here, every address that it has is judged, and the connection is made to the one that was judged: so a name that
changes between look and call (DNS rebinding) changes nothing. Redirects are not followed, proxies not asked, answers not read.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpcore

from nst.errors import InvalidRequest

CALL_SECONDS = 15.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unreachable(Exception):
    """The call could not be made."""


class Outbound:
    """
    Args:
        inside: private addresses are allowed, and so is http: for a closed network.
    """

    def __init__(self, inside: bool) -> None:
        self._inside = inside

    async def check(self, url: str) -> None:
        """
        Raises:
            InvalidRequest: when the address is none that would be called.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise InvalidRequest("webhook.url: this is not an address.") from error
        if not host or parts.username is not None or parts.password is not None:
            raise InvalidRequest("webhook.url: this is not an address, or it has a password in it, which we would have to keep.")
        if parts.scheme != "https" and not self._inside:
            raise InvalidRequest("webhook.url: only https is called.")
        try:
            await self.resolve(host, port)
        except Unreachable as error:
            raise InvalidRequest(f"webhook.url: {error}") from error

    async def resolve(self, host: str, port: int) -> str:
        """An address of the host that may be called.

        Raises:
            Unreachable: when it has none, or any of them lies inside.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable("the host has no address.") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not (self._inside or all(map(is_public, addresses))):
            raise Unreachable("the host is not on the public internet.")
        return addresses[0]

    async def post(self, url: str, headers: Mapping[str, str], content: bytes) -> int:
        """The status of the answer.

        Raises:
            Unreachable: when there was none.
        """
        wait = dict.fromkeys(("connect", "read", "write", "pool"), CALL_SECONDS / 3)
        try:
            async with asyncio.timeout(CALL_SECONDS), httpcore.AsyncConnectionPool(network_backend=_Judged(self)) as pool:
                sent = pool.stream("POST", url, headers=list(headers.items()), content=content, extensions={"timeout": wait})
                async with sent as answer:
                    return answer.status
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:  # TimeoutError is an OSError
            raise Unreachable("the host did not answer.") from error


class _Judged(httpcore.AsyncNetworkBackend):
    """Connects to no address that was not judged."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound, self._inner = outbound, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await self._outbound.resolve(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def is_public(address: str) -> bool:
    """Whether an address, and every IPv4 address that is wrapped in it, is one of the public internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            wrapped = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return parsed.is_global and not parsed.is_multicast
