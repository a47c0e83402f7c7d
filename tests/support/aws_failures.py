"""Failures of AWS: a layer around moto's server that refuses some requests."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

_XML = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>in a test</Message></Error>'


class AwsFailures:
    """A WSGI application around another, which fails the requests that a test names.

    Attributes:
        seen: `service action` of every request, in order. S3's action is the method.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._ordered: dict[str, tuple[str, int]] = {}
        self.seen: list[str] = []

    def fail(self, request: str, code: str, times: int = 10**9) -> None:
        """The next requests of this kind (`s3`, or `batch SubmitJob`), as many as `times`, fail with this code."""
        with self._lock:
            self._ordered[request] = (code, times)

    def end(self) -> None:
        """No request fails any more."""
        with self._lock:
            self._ordered.clear()

    def left(self, request: str) -> int:
        """How many of them are still to come."""
        with self._lock:
            return self._ordered.get(request, ("", 0))[1]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, action = _request(environ)
        code = self._code_for(service, action)
        if code is None:
            return self._app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if service == "s3":
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [_XML.format(code=code).encode()]
        start_response("429 Too Many Requests", [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)])
        return [json.dumps({"__type": code, "message": "in a test"}).encode()]

    def _code_for(self, service: str, action: str) -> str | None:
        with self._lock:
            self.seen.append(f"{service} {action}")
            for name in (service, f"{service} {action}"):
                code, times = self._ordered.get(name, ("", 0))
                if times > 0:
                    self._ordered[name] = (code, times - 1)
                    return code
        return None


def _request(environ: dict[str, Any]) -> tuple[str, str]:
    """The service stands in what the request is signed for."""
    _, _, scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    parts = scope.split(",")[0].split("/")
    service = parts[3] if len(parts) > 3 else "s3"
    if service == "s3":
        return service, environ["REQUEST_METHOD"]
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return service, target or environ["PATH_INFO"].rpartition("/")[2].title().replace("job", "Job")
