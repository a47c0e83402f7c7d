"""Turns what drivers and the system raise into `StoreUnavailable` and its subclasses, with a sentence and a reason.

Visitors read the sentence, which names no part of the system. Operators read the reason, in logs and on the command line.
"""

import errno
import logging
from enum import Enum

from nst.errors import StoreFault, StoreFull, StoreMisconfigured, StoreUnavailable

log = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, errno.EDQUOT}
_MISCONFIGURED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


class Failure(Enum):
    """The kinds of failure of a store, and the error for each."""

    OUTAGE = StoreUnavailable
    FULL = StoreFull
    MISCONFIGURED = StoreMisconfigured
    BUG = StoreFault


_MESSAGES = {
    Failure.FULL: "The studio has no space left at the moment. Accepted paintings are safe. Please try again later.",
    Failure.MISCONFIGURED: "The studio cannot use its storage, which its operator has to fix. Please try again later.",
    Failure.BUG: "Something went wrong on our side, and we have noted it. Please try again in a minute.",
}


def store_error(failure: Failure, outage_message: str, reason: str) -> StoreUnavailable:
    """The error to raise from the driver's. A bug is logged here, with its traceback.

    Args:
        outage_message: the sentence for an outage of this store.
        reason: for the operator.
    """
    if failure is Failure.BUG:
        log.error("a store was sent a request that it does not understand: %s", reason, exc_info=True)
    kind: type[StoreUnavailable] = failure.value
    return kind(_MESSAGES.get(failure, outage_message), reason)


def failure_of_os_error(error: OSError) -> Failure:
    """The kind of failure that an error of the file system is. An unknown one counts as an outage, after which callers try again."""
    if error.errno in _FULL:
        return Failure.FULL
    return Failure.MISCONFIGURED if error.errno in _MISCONFIGURED else Failure.OUTAGE


def system_message(error: BaseException) -> str:
    """The system's message without its error number, such as `No space left on device`."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
