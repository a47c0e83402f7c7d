"""Repeated failures at single jobs: how long they have lasted, and one log line in five minutes for each."""

import logging
import threading
from dataclasses import dataclass

from nst.errors import StoreFault, StoreMisconfigured, StoreUnavailable

REFUSALS = (StoreMisconfigured, StoreFault)  # they do not pass by themselves; any other `StoreUnavailable` is an outage
LOG_SECONDS = 300.0
REFUSED_SECONDS = 900.0  # how long refusals are tolerated; an operator has to act on them
AWAY_SECONDS = 6 * 3600.0  # how long outages are tolerated, which end by themselves
_FORGOTTEN_SECONDS = 3600.0  # without another failure, after which a trouble is over

log = logging.getLogger(__name__)


@dataclass
class _Trouble:
    """When it was first and last noted, and when it was last logged."""

    since: float
    seen: float = float("-inf")
    logged: float = float("-inf")


class Troubles:
    """The troubles of one server, by the name of a job or a duty."""

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}
        self._lock = threading.Lock()

    def note(self, name: str, error: Exception, now: float) -> float:
        """Notes a failure; returns the seconds since the first one."""
        with self._lock:
            self._forget(now)
            trouble = self._troubles.setdefault(name, _Trouble(since=now))
            trouble.seen = now
            if now - trouble.logged >= LOG_SECONDS:
                trouble.logged = now
                exc_info = None if isinstance(error, StoreUnavailable) else error
                log.warning("trouble with %s since %.0f s: %s", name, now - trouble.since, error.__cause__ or error, exc_info=exc_info)
            return now - trouble.since

    def is_over(self, name: str) -> None:
        with self._lock:
            self._troubles.pop(name, None)

    def _forget(self, now: float) -> None:
        for name in [name for name, trouble in self._troubles.items() if now - trouble.seen > _FORGOTTEN_SECONDS]:
            del self._troubles[name]


def patience_for(error: Exception) -> float:
    """Seconds after which a job whose checks fail like this is given up."""
    return AWAY_SECONDS if is_outage(error) else REFUSED_SECONDS


def is_outage(error: Exception) -> bool:
    return isinstance(error, StoreUnavailable) and not isinstance(error, REFUSALS)
