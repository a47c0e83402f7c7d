"""Repeated failures at single jobs: how long they have lasted, and one log line in five minutes for each."""

import logging
import threading
from dataclasses import dataclass

from nst.errors import StoreFault, StoreMisconfigured, StoreUnavailable

REFUSALS = (StoreMisconfigured, StoreFault)  # they do not pass by themselves; any other `StoreUnavailable` is an outage
LOG_SECONDS = 300.0
REFUSED_SECONDS = 900.0  # how long refusals are tolerated; an operator has to act on them
AWAY_SECONDS = 6 * 3600.0  # how long outages are tolerated, which end by themselves
_FORGOTTEN_SECONDS = 3600.0  # after which a failure that has not been repeated is forgotten

log = logging.getLogger(__name__)


@dataclass
class _Failure:
    """When it was first and last noted, and when it was last logged."""

    since: float
    seen: float = float("-inf")
    logged: float = float("-inf")


class RepeatedFailures:
    """The repeated failures of one server, by the name of a job or a duty."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}
        self._lock = threading.Lock()

    def note(self, name: str, error: Exception, now: float) -> float:
        """Notes a failure; returns the seconds since the first one."""
        with self._lock:
            self._forget(now)
            failure = self._failures.setdefault(name, _Failure(since=now))
            failure.seen = now
            if now - failure.logged >= LOG_SECONDS:
                failure.logged = now
                exc_info = None if isinstance(error, StoreUnavailable) else error
                log.warning("%s has failed for %.0f s: %s", name, now - failure.since, error.__cause__ or error, exc_info=exc_info)
            return now - failure.since

    def is_over(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)

    def _forget(self, now: float) -> None:
        for name in [name for name, failure in self._failures.items() if now - failure.seen > _FORGOTTEN_SECONDS]:
            del self._failures[name]


def patience_for(error: Exception) -> float:
    """Seconds after which a job whose checks fail like this is given up."""
    return AWAY_SECONDS if is_outage(error) else REFUSED_SECONDS


def is_outage(error: Exception) -> bool:
    return isinstance(error, StoreUnavailable) and not isinstance(error, REFUSALS)
