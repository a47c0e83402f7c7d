"""Few events of one key in a time."""

import hashlib
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from nst.domain import new_id
from nst.errors import StoreUnavailable
from nst.store.ports import Rates
from nst.store.rates import ProcessRates

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class RateLimit:
    """At most `most` events of a key in `seconds`, counted together by all processes that share `rates`. Thread-safe.

    While the store does not answer, each process applies the limit to what it counts itself.

    Args:
        name: of what is limited; keys are stored after it, as hashes.
        rates: by default, this process counts for itself at all times.
    """

    def __init__(self, name: str, most: int, seconds: float, clock: Callable[[], float], rates: Rates | None = None) -> None:
        self._name, self._most, self._seconds, self._clock = name, most, seconds, clock
        self._own = ProcessRates()
        self._rates = rates or self._own

    def take(self, key: str, event: str | None = None) -> bool:
        """Count an event; False when there are too many. The same event of a key counts once.

        Args:
            event: its name; None for one that is new.
        """
        named = event or new_id()
        return self._ask(lambda rates, now: rates.take(self._stored(key), named, self._most, self._seconds, now))

    def recent(self, key: str) -> list[str]:
        """The names of the events that count, the oldest first."""
        return self._ask(lambda rates, now: rates.recent(self._stored(key), self._seconds, now))

    def give_back(self, key: str, event: str) -> None:
        """Do not count an event any more."""
        self._ask(lambda rates, _now: rates.give_back(self._stored(key), event))

    def _ask(self, question: Callable[[Rates, float], Answer]) -> Answer:
        try:
            return question(self._rates, self._clock())
        except StoreUnavailable as error:
            log.warning("%s are counted by this process alone: %s", self._name, error.reason)
            return question(self._own, time.monotonic())

    def _stored(self, key: str) -> str:
        return f"{self._name}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
