"""Errors as programs read them: a code that stays, a sentence for people, and the status of an HTTP answer."""

import logging
import re

from nst import errors
from nst.errors import PasticheError

log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[PasticheError], int], ...] = (
    (errors.PictureTooLarge, 413),
    (errors.InvalidImage, 422),
    (errors.InvalidParams, 422),
    (errors.InvalidRequest, 422),
    (errors.UnknownStyle, 422),
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
_OF_OURS = {"error": "Something went wrong on our side. Please try again in a minute.", "code": "internal"}


def refusal(error: Exception) -> dict[str, str]:
    """What a program is told. What we did not foresee is logged here, and told in no more than one sentence."""
    if isinstance(error, PasticheError):
        return {"error": str(error), "code": code_of(error)}
    log.error("a request failed", exc_info=error)
    return dict(_OF_OURS)


def code_of(error: PasticheError) -> str:
    """`TooManyJobs` is `too_many_jobs`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=A)(?=Picture)", "_", type(error).__name__).lower()


def status_of(error: Exception) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
