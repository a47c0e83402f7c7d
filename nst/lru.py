"""A cache of bounded size, for several threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """The `capacity` most recently used values by key."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def pop(self, key: K) -> None:
        with self._lock:
            self._values.pop(key, None)

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`, made now if it is missing. Two threads that miss it at once both make it: no lock is held meanwhile."""
        value = self.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value
