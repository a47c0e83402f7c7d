"""Fetches a file, and retries when the server asks for it or the caller wants it."""

from collections.abc import Callable
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from nst import __version__
from nst.web.responses import MAX_REDIRECTS, FetchedResponse, FetchError, check_status, error_without_response
from nst.web.transport import CertificatesUnreadable, ProxyAwareTransport, ProxyUnusable

ATTEMPTS = 3
MAX_RETRY_AFTER = 20.0  # seconds; a server that asks for a longer wait is not asked again
_FIRST_WAIT = 0.4  # seconds, doubled for each further attempt
# Popular servers such as Wikimedia's refuse programs that do not identify themselves.
HEADERS = {"User-Agent": f"Pastiche/{__version__} (pastiche-studio; paints what a person has asked for)", "Accept-Encoding": "identity"}

T = TypeVar("T")


def fetch(url: str, take: Callable[[FetchedResponse], T], *, timeout: float, retry_transient: bool = False) -> T:
    """Send a request, and return what `take` returns for the response.

    Args:
        take: may be called again, with another response, when the connection broke off.
        timeout: seconds to connect, and between two chunks.
        retry_transient: retry after all transient errors, instead of only when the server says when to retry.

    Raises:
        FetchError: when there is no response, or an unsuccessful one.
    """

    def should_retry(error: BaseException) -> bool:
        if not isinstance(error, FetchError) or not error.is_transient:
            return False
        return retry_transient if error.retry_after is None else error.retry_after <= MAX_RETRY_AFTER

    retrying = Retrying(retry=retry_if_exception(should_retry), stop=stop_after_attempt(ATTEMPTS), wait=_wait, reraise=True)
    taken: T = retrying(_attempt, url, take, timeout)
    return taken


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, FetchError) else None
    return _FIRST_WAIT * 2.0 ** (state.attempt_number - 1) if asked is None else asked


def _attempt(url: str, take: Callable[[FetchedResponse], T], timeout: float) -> T:
    host, transport = "", ProxyAwareTransport(timeout)
    try:
        host = httpx.URL(url).host
        if not host:
            raise FetchError("The address names no server. It must begin with http:// or https:// and a name.")
        client = httpx.Client(transport=transport, timeout=timeout, follow_redirects=True, max_redirects=MAX_REDIRECTS, headers=HEADERS)
        with client, client.stream("GET", url) as response:
            host = response.url.host
            check_status(response, transport.proxy)
            return take(FetchedResponse(response))
    except httpx.HTTPError as error:
        raise error_without_response(error, host, transport.proxy, timeout) from error
    except ProxyUnusable as error:
        raise FetchError(
            f"The proxy {transport.proxy.label if transport.proxy else ''} cannot be used: {error}. Correct it, or add {host} to NO_PROXY."
        ) from error
    except CertificatesUnreadable as error:
        raise FetchError("The certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read. Correct or unset it.") from error
    except (httpx.InvalidURL, ValueError) as error:  # for instance an invalid character or port
        raise FetchError(f"This is not a valid web address{f' ({host})' if host else ''}. Check it for typing errors.") from error
