"""Connections: direct, or through the proxy that the environment names for a server. Variables are read when a request is sent."""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from nst.web.proxies import Proxy, proxy_for


class ProxyUnusable(Exception):
    """The proxy cannot be used. `str(error)` is the reason, for the middle of a sentence."""


class CertificatesUnreadable(Exception):
    """The certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read."""


class ProxyAwareTransport(httpx.BaseTransport):
    """Chooses a proxy for each request, since a redirect may lead to a server that needs another one.

    Attributes:
        proxy: the one that the last request used.
    """

    def __init__(self, timeout: float) -> None:
        self._socks_backend = _TimeoutBackend(timeout)
        self._open: dict[str | None, httpx.HTTPTransport] = {}
        self.proxy: Proxy | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        self.proxy = proxy_for(url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80))
        address = self.proxy.address if self.proxy else None
        if address not in self._open:
            self._open[address] = _open_transport(address, self._socks_backend)
        try:
            return self._open[address].handle_request(request)
        except httpx.TransportError:
            raise
        except Exception as error:
            if self.proxy is None:
                raise
            raise httpx.ProxyError("not a proxy of this kind", request=request) from error  # for instance an error of socksio

    def close(self) -> None:
        for transport in self._open.values():
            transport.close()
        self._socks_backend.close()


def _open_transport(proxy: str | None, socks_backend: "_TimeoutBackend") -> httpx.HTTPTransport:
    try:
        transport = httpx.HTTPTransport(proxy=proxy)
    except ImportError as error:
        raise ProxyUnusable("SOCKS proxies need the package socksio (`pip install socksio`)") from error
    except OSError as error:  # ssl.SSLError is one
        raise CertificatesUnreadable from error
    except (ValueError, httpx.InvalidURL) as error:
        raise ProxyUnusable("its address must begin with http, https, socks5 or socks5h") from error
    if proxy is not None and not httpx.URL(proxy).host:
        raise ProxyUnusable("its address names no host")
    if proxy is not None and proxy.startswith("socks"):
        # httpcore has no timeout during the handshake with a SOCKS proxy, and leaves failed connections open.
        transport._pool._network_backend = socks_backend
    return transport


class _TimeoutBackend(httpcore.NetworkBackend):
    """Connections with a timeout for every operation, which are all closed at the end."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._inner = httpcore.SyncBackend()
        self._streams: list[httpcore.NetworkStream] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, timeout or self._timeout, local_address, socket_options)
        self._streams.append(stream)
        return _TimeoutStream(stream, self._timeout)

    def close(self) -> None:
        for stream in self._streams:
            stream.close()


class _TimeoutStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, timeout: float) -> None:
        self._inner = inner
        self._timeout = timeout

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout or self._timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout or self._timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return self._inner.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def is_caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether an error, or one that led to it, is of that kind."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None
