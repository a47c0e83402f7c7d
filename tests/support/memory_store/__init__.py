"""In-memory fakes of all ports: the shortest statement of what the ports mean. One lock, no files, no processes."""

from nst.store.ports import Backend
from nst.store.rates import ProcessRates
from tests.support.memory_store.events import MemoryJobEvents, MemoryWorkerRegistry
from tests.support.memory_store.jobs import MemoryFeed, MemoryJobs
from tests.support.memory_store.objects import MemoryObjects
from tests.support.memory_store.pending import MemoryCleanups, MemorySecrets, MemoryWebhooks
from tests.support.memory_store.queue import MemoryQueue
from tests.support.memory_store.state import State

__all__ = ["MemoryFeed", "MemoryJobEvents", "MemoryJobs", "MemoryObjects", "MemoryQueue", "MemoryWorkerRegistry", "memory_backend"]


def memory_backend() -> Backend:
    """A backend that is empty and forgets everything."""
    state = State()
    return Backend(
        MemoryJobs(state),
        MemoryQueue(state),
        MemoryFeed(state),
        MemoryObjects(),
        MemoryJobEvents(state),
        MemoryWorkerRegistry(),
        MemoryWebhooks(),
        MemoryCleanups(),
        MemorySecrets(),
        ProcessRates(),
    )
