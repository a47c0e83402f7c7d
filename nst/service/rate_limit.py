"""Few tries in a time, counted by key in this process."""

from collections.abc import Callable

from nst.lru import LRUCache

_MOST_KEYS = 10_000


class RateLimit:
    """At most `most` tries of a key in `seconds`. Two threads at once may both have the last one."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._tries: LRUCache[str, tuple[float, ...]] = LRUCache(_MOST_KEYS)

    def is_reached(self, key: str) -> bool:
        return len(self._recent(key)) >= self._most

    def count(self, key: str) -> None:
        self._tries.put(key, (*self._recent(key)[-self._most :], self._clock()))

    def _recent(self, key: str) -> tuple[float, ...]:
        now = self._clock()
        return tuple(at for at in self._tries.get(key) or () if now - at < self._seconds)
