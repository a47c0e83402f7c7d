"""Errors as programs receive them: a sentence for people, a code for programs, and the status of an HTTP response."""

import logging

from nst import errors
from nst.errors import PasticheError, StoreUnavailable

log = logging.getLogger(__name__)

_HTTP_STATUS: tuple[tuple[type[PasticheError], int], ...] = (
    (errors.PictureTooLarge, 413),
    (errors.InvalidImage, 422),
    (errors.InvalidParams, 422),
    (errors.InvalidRequest, 422),
    (errors.UnknownStyle, 422),
    (errors.StyleChanged, 409),
    (errors.UnknownJob, 404),
    (errors.ObjectMissing, 404),
    (errors.NotAllowed, 403),
    (errors.JobIdTaken, 409),
    (errors.WrongState, 409),
    (errors.TooSlow, 408),
    (errors.StorageFull, 507),
    (errors.QueueFull, 503),
    (errors.ServerBusy, 503),
    (errors.Refused, 429),
    (errors.StoreUnavailable, 503),
)
_INTERNAL = {"error": "Something went wrong on our side. Please try again in a minute.", "code": "internal"}


def error_body(error: Exception) -> dict[str, str]:
    """The error as the contract describes it. An unexpected one is logged here, and its details are not given out."""
    if isinstance(error, StoreUnavailable):
        log.warning("the store is unavailable: %s", error.reason)
    if isinstance(error, PasticheError):
        return {"error": str(error), "code": error.code}
    log.error("a request failed", exc_info=error)
    return dict(_INTERNAL)


def http_status(error: Exception) -> int:
    """That of the first class in the table that the error belongs to, else 500."""
    return next((status for kind, status in _HTTP_STATUS if isinstance(error, kind)), 500)
