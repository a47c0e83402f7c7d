"""A response that is read chunk by chunk within a limit, and the sentences for all failures."""

import email.utils
import socket
import ssl
import time
from collections.abc import Iterator

import httpx

from nst.web.content_encoding import DecodingError, decode
from nst.web.proxies import Proxy
from nst.web.transport import is_caused_by

MAX_REDIRECTS = 3
_TRANSIENT_STATUSES = {429, 502, 503, 504}
_SENTENCES = {
    401: "it requires a login. Save the file with your browser, and use that file",
    403: "access is denied. Save the file with your browser, and use that file",
    429: "too many requests. Try again {later}",
}
# Parts of the messages of httpx and socksio.
_CREDENTIALS_WANTED = ("407", "username", "USERNAME", "NO ACCEPTABLE METHODS")


class FetchError(Exception):
    """Nothing was fetched. `str(error)` is a sentence that names the server, or the proxy without its password.

    Attributes:
        is_transient: whether another attempt may succeed.
        retry_after: seconds after which the server asks for another attempt.
    """

    def __init__(self, sentence: str, *, is_transient: bool = False, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.is_transient = is_transient
        self.retry_after = retry_after


class ResponseTooLarge(FetchError):
    """The file has more bytes than the limit."""


class FetchedResponse:
    """
    Attributes:
        media_type: as stated by the server, in lower case, for instance "image/jpeg".
        total: bytes of the body; 0 when unknown.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._encoding = response.headers.get("content-encoding", "")
        self.media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        length = response.headers.get("content-length", "")
        self.total = int(length) if length.isdecimal() and self._encoding in ("", "identity") else 0

    def chunks(self, max_bytes: int) -> Iterator[bytes]:
        """The body, decoded.

        Raises:
            ResponseTooLarge: as soon as there are more than `max_bytes`.
            FetchError: when the body is malformed.
        """
        _check_size(self.total, max_bytes)
        taken = 0
        try:
            for chunk in decode(self._response.iter_raw(), self._encoding):
                taken += len(chunk)
                _check_size(taken, max_bytes)
                yield chunk
        except DecodingError as error:
            host = self._response.url.host
            raise FetchError(f"The response of the server {host} cannot be decompressed ({self._encoding}). Try again later.") from error


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ResponseTooLarge(f"The file is larger than {most / 1e6:g} MB.")


def check_status(response: httpx.Response, proxy: Proxy | None) -> None:
    """
    Raises:
        FetchError: unless the status is a successful one.
    """
    status, host = response.status_code, response.url.host
    if response.is_success:
        return
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED and proxy is not None:
        raise FetchError(_credentials_wanted(proxy))
    retry_after = parse_retry_after(response.headers.get("retry-after", ""))
    later = f"in {retry_after:.0f} seconds" if retry_after else "later"
    advice = _SENTENCES.get(status, "Check the address" if status < 500 else "the server has a problem. Try again {later}").format(
        later=later
    )
    through = f", through the proxy {proxy.label}," if proxy else ""
    separator = ". " if advice[0].isupper() else ": "
    raise FetchError(
        f"The server {host}{through} answers with status {status}{separator}{advice}.",
        is_transient=status in _TRANSIENT_STATUSES,
        retry_after=retry_after,
    )


def parse_retry_after(value: str) -> float | None:
    """Seconds from now, from a Retry-After header, which has a number of seconds or a date; None for anything else."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def error_without_response(error: httpx.HTTPError, host: str, proxy: Proxy | None, timeout: float) -> FetchError:
    """The error for a request without a complete response."""
    if isinstance(error, httpx.TooManyRedirects):
        return FetchError(f"The server {host} redirects more than {MAX_REDIRECTS} times. Use the file's own address.")
    if isinstance(error, httpx.UnsupportedProtocol):
        return FetchError(
            f"The file could not be fetched from {host}: it redirects to an address that is not http or https. Use the file's own address."
        )
    if is_caused_by(error, ssl.SSLCertVerificationError):
        return FetchError(
            f"The server {host} has a certificate that is not trusted here. If your network uses its own certificates, set SSL_CERT_FILE."
        )
    if proxy is not None:
        return _proxy_error(error, host, proxy, timeout)
    if isinstance(error, httpx.TimeoutException):
        return FetchError(f"The server {host} did not answer within {timeout:g} seconds. Try again later.", is_transient=True)
    if is_caused_by(error, socket.gaierror):
        return FetchError(
            f"The file could not be fetched from {host}: the host is unknown. Check the address and your connection.", is_transient=True
        )
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return FetchError(f"The file could not be fetched from {host}: the connection broke off. Try again later.", is_transient=True)
    return FetchError(f"The file could not be fetched from {host}. Check the address and your connection.", is_transient=True)


def _proxy_error(error: httpx.HTTPError, host: str, proxy: Proxy, timeout: float) -> FetchError:
    if isinstance(error, httpx.ProxyError):
        if any(word in str(error) for word in _CREDENTIALS_WANTED):
            return FetchError(_credentials_wanted(proxy))
        return FetchError(f"The proxy {proxy.label} does not connect to {host}. Correct the proxy, or add {host} to NO_PROXY.")
    if isinstance(error, httpx.ConnectError):
        return FetchError(f"The proxy {proxy.label} cannot be reached. Correct or start the proxy, or add {host} to NO_PROXY.")
    if isinstance(error, httpx.TimeoutException):
        return FetchError(
            f"The proxy {proxy.label} did not answer a request for {host} within {timeout:g} seconds. Try again later.", is_transient=True
        )
    return FetchError(f"The proxy {proxy.label} broke off a request for {host}. Try again later.", is_transient=True)


def _credentials_wanted(proxy: Proxy) -> str:
    return f"The proxy {proxy.label} asks for a user and a password (status 407), or rejects the given ones. Put them into its address: http://USER:PASSWORD@…"
