"""Recent events in the memory of this process."""

import threading

from nst.lru import LRUCache
from nst.store.ports.rates import Rates

_MOST_KEYS = 10_000


class ProcessRates(Rates):
    """Events that this process counts by itself. The keys used last are kept. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: LRUCache[str, dict[str, float]] = LRUCache(_MOST_KEYS)

    def take(self, key: str, event: str, most: int, seconds: float, now: float) -> bool:
        with self._lock:
            events = self._recent(key, seconds, now)
            is_taken = event in events or len(events) < most
            if is_taken:
                self._events.put(key, {event: now} | events)
            return is_taken

    def recent(self, key: str, seconds: float, now: float) -> list[str]:
        with self._lock:
            events = self._recent(key, seconds, now)
        return sorted(events, key=lambda event: (events[event], event))

    def give_back(self, key: str, event: str) -> None:
        with self._lock:
            if event in (events := self._events.get(key) or {}):
                self._events.put(key, {name: at for name, at in events.items() if name != event})

    def _recent(self, key: str, seconds: float, now: float) -> dict[str, float]:
        return {event: at for event, at in (self._events.get(key) or {}).items() if now - at < seconds}
