"""HTTP to the studio: uses the proxy of the environment, retries while the studio is down, and raises errors with a sentence."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

_PROXY_STATUSES = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)
_PERMANENT = (httpx.ProxyError, httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class StudioError(Exception):
    """The studio refused a request: `str(error)` is a sentence for people, `code` a code for programs."""

    def __init__(self, sentence: str, code: str, status: int) -> None:
        super().__init__(sentence)
        self.code, self.status = code, status


class StudioUnreachable(StudioError):
    """The studio does not answer, or another server does. The status is 0 without an answer."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence, "unreachable", status)


class _Retry(Exception):
    """The studio did not answer; it may later.

    Attributes:
        seconds: to wait, if the server says so.
    """

    def __init__(self, reason: StudioUnreachable, seconds: float | None = None) -> None:
        self.reason, self.seconds = reason, seconds


class Connection:
    """
    Args:
        url: of the studio.
        key: an API key.
        timeout: seconds for an answer.
        patience: seconds during which requests are retried.

    Raises:
        StudioUnreachable: when the URL is not valid, or that of the proxy is not.
    """

    def __init__(self, url: str, key: str | None, timeout: float, patience: float) -> None:
        self._url, self._patience = url, patience
        headers = {"User-Agent": f"pastiche-client/{_version()}"} | ({"Authorization": f"Bearer {key}"} if key else {})
        proxy, self._through = _proxy_for(url)
        try:
            _check(url)
            self._http = httpx.Client(
                base_url=f"{url.rstrip('/')}/api", headers=headers, timeout=timeout, transport=httpx.HTTPTransport(proxy=proxy)
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            raise StudioUnreachable(f"The studio {url} cannot be reached{self._through}: its URL or the proxy's is not valid.") from error
        # Every request is safe to repeat: a submission has an id, and the others read or are idempotent.
        self._retrying = Retrying(retry=retry_if_exception_type(_Retry), wait=self._pause, stop=stop_after_delay(patience), reraise=True)

    def close(self) -> None:
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, and return the studio's answer.

        Raises:
            StudioError: when the studio refuses or does not answer.
        """
        try:
            answer: httpx.Response = self._retrying(self._once, method, path, **options)
        except _Retry as failure:
            raise failure.reason from failure.__cause__
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        raise self._error(answer)

    def json(self, answer: httpx.Response) -> Any:
        """The content of an answer.

        Raises:
            StudioUnreachable: when the server is not a studio.
        """
        try:
            return answer.json()
        except ValueError as error:
            sentence = f"The server at {self._url}{self._through} is not a studio's gateway. Check the URL."
            raise StudioUnreachable(sentence, answer.status_code) from error

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
            if method == "GET" and answer.status_code == httpx.codes.FOUND and answer.next_request:  # to a picture in the object store
                answer = self._http.send(answer.next_request)
        except Exception as error:
            if not isinstance(error, httpx.HTTPError) and not self._through:
                raise
            reason = StudioUnreachable(f"The studio {self._url} does not answer{self._through}. Check the URL and your connection.")
            if not isinstance(error, httpx.TransportError) or isinstance(error, _PERMANENT):
                raise reason from error
            raise _Retry(reason) from error
        if answer.status_code in _PROXY_STATUSES and _problem(answer) is None:
            raise _Retry(self._unexpected(answer), _retry_after(answer))
        return answer

    def _pause(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        seconds = failure.seconds if isinstance(failure, _Retry) else None
        return _pause(state) if seconds is None else min(seconds, self._patience)

    def _error(self, answer: httpx.Response) -> StudioError:
        problem = _problem(answer)
        return StudioError(*problem, answer.status_code) if problem else self._unexpected(answer)

    def _unexpected(self, answer: httpx.Response) -> StudioUnreachable:
        """The error for an answer from a proxy or another server."""
        if answer.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            hint = "The proxy requires a user name and a password."
        elif answer.has_redirect_location:
            hint = f"It redirects to {answer.headers['Location']}: use that URL."
        else:
            hint = "It may not be a studio."
        return StudioUnreachable(
            f"The server at {self._url}{self._through} answers with status {answer.status_code}. {hint}", answer.status_code
        )


def _check(url: str) -> None:
    """Raises ValueError unless the URL names a host, of HTTP: requests would be retried as if the studio were down."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(url)


_pause: Callable[[RetryCallState], float] = wait_exponential_jitter(multiplier=0.2, max=5.0)


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, if the header has them."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _problem(answer: httpx.Response) -> tuple[str, str] | None:
    """The sentence and the code of a studio's error; None when the answer is not one."""
    try:
        problem = answer.json()
        return str(problem["error"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return None


def _proxy_for(url: str) -> tuple[str | None, str]:
    """The proxy for a URL, as httpx accepts it; and words for error sentences, without its password."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].rpartition(":")[0] or rest.partition("/")[0]
    proxies = getproxies()
    given = (proxies.get(scheme.lower()) or proxies.get("all") or "").strip()
    if not given or proxy_bypass(host.strip("[]")):
        return None, ""
    kind, _, address = given.rpartition("://")
    kind = kind.lower() or "http"
    return f"{'socks5h' if kind == 'socks' else kind}://{address}", f" through the proxy {kind}://{address.rpartition('@')[2]}"


def _version() -> str:
    try:
        return version("pastiche-client")
    except PackageNotFoundError:  # not installed
        return "0"
