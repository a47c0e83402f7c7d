"""Webhooks and cleanups that are pending, and secrets."""

import threading

from nst.store.ports import Cleanup, Cleanups, Secrets, Webhook, Webhooks


class MemoryWebhooks(Webhooks):
    def __init__(self) -> None:
        self._owed: dict[str, tuple[float, Webhook]] = {}
        self._lock = threading.Lock()

    def put(self, webhook: Webhook, now: float) -> None:
        with self._lock:
            self._owed[webhook.job_id] = (now, webhook)

    def pending(self, now: float, limit: int) -> list[Webhook]:
        with self._lock:
            free = sorted((since, job_id) for job_id, (since, _) in self._owed.items() if since <= now)
            return [self._owed[job_id][1] for _, job_id in free[:limit]]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        with self._lock:
            since, webhook = self._owed.get(job_id, (now, None))
            if webhook is None or since > now:
                return None
            self._owed[job_id] = (now + lease_seconds, webhook)
            return webhook

    def settle(self, job_id: str) -> None:
        with self._lock:
            self._owed.pop(job_id, None)


class MemoryCleanups(Cleanups):
    def __init__(self) -> None:
        self._owed: dict[Cleanup, float] = {}
        self._lock = threading.Lock()

    def put(self, cleanup: Cleanup, now: float) -> None:
        with self._lock:
            self._owed[cleanup] = now

    def pending(self, before: float, limit: int) -> list[Cleanup]:
        with self._lock:
            return [cleanup for at, cleanup in sorted((at, cleanup) for cleanup, at in self._owed.items()) if at < before][:limit]

    def settle(self, cleanup: Cleanup) -> None:
        with self._lock:
            self._owed.pop(cleanup, None)


class MemorySecrets(Secrets):
    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def keep(self, name: str, proposed: str) -> str:
        return self._values.setdefault(name, proposed)
