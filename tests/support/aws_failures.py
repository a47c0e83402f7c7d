"""AWS in bad weather: a layer before moto's server that answers some requests as an AWS in trouble does."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

_XML = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>in a test</Message></Error>'


class Weather:
    """A WSGI application around another.

    Attributes:
        seen: `service action` of every request, in order. S3's action is the method.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._storms: dict[str, tuple[str, int]] = {}
        self.seen: list[str] = []

    def storm(self, request: str, code: str, times: int = 10**9) -> None:
        """The next so many requests of this kind (`s3`, or `batch SubmitJob`) fail with this code."""
        with self._lock:
            self._storms[request] = (code, times)

    def calm(self) -> None:
        with self._lock:
            self._storms.clear()

    def left(self, request: str) -> int:
        """How many of them are still to come."""
        with self._lock:
            return self._storms.get(request, ("", 0))[1]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, action = _request(environ)
        code = self._struck(service, action)
        if code is None:
            return self._app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if service == "s3":
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [_XML.format(code=code).encode()]
        start_response("429 Too Many Requests", [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)])
        return [json.dumps({"__type": code, "message": "in a test"}).encode()]

    def _struck(self, service: str, action: str) -> str | None:
        with self._lock:
            self.seen.append(f"{service} {action}")
            for name in (service, f"{service} {action}"):
                code, times = self._storms.get(name, ("", 0))
                if times > 0:
                    self._storms[name] = (code, times - 1)
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
