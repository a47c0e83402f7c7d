"""Job-changed events and the registry of workers."""

from nst.store.ports import JobEvents, Listener, WorkerInfo, WorkerRegistry
from tests.support.memory_store.state import State


class MemoryJobEvents(JobEvents):
    def __init__(self, state: State) -> None:
        self._state = state

    def notify(self, job_id: str, now: float) -> None:  # noqa: ARG002 -- nothing is pruned here
        with self._state.changed:
            self._state.events.append(job_id)
            self._state.changed.notify_all()

    def listen(self) -> "MemoryListener":
        return MemoryListener(self._state)


class MemoryListener(Listener):
    def __init__(self, state: State) -> None:
        self._state, self._heard = state, len(state.events)

    def wait(self, seconds: float) -> list[str]:
        with self._state.changed:
            self._state.changed.wait_for(lambda: len(self._state.events) > self._heard, seconds)
            new = self._state.events[self._heard :]
            self._heard += len(new)
            return new


class MemoryWorkerRegistry(WorkerRegistry):
    def __init__(self) -> None:
        self._workers: dict[str, WorkerInfo] = {}

    def report(self, worker: WorkerInfo) -> None:
        self._workers[worker.name] = worker

    def leave(self, name: str) -> None:
        self._workers.pop(name, None)

    def present(self, seen_since: float) -> list[WorkerInfo]:
        return sorted((worker for worker in list(self._workers.values()) if worker.seen >= seen_since), key=lambda worker: worker.name)
