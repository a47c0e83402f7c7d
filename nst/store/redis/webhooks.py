"""Messages that are owed: a hash of them by job, and a sorted set of when each is free."""

import json
from dataclasses import asdict

from nst.store.ports import Webhook
from nst.store.redis.connection import Connection


class RedisWebhooks:
    """`Webhooks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, webhook: Webhook, now: float) -> None:
        self._connection.run("put_webhook", webhook.job_id, now, json.dumps(asdict(webhook)))

    def owed(self, now: float, limit: int) -> list[Webhook]:
        return [Webhook(**json.loads(text)) for text in self._connection.run("owed_webhooks", now, limit)]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        text = self._connection.run("claim_webhook", job_id, now, now + lease_seconds)
        return Webhook(**json.loads(text)) if text else None

    def settle(self, job_id: str) -> None:
        self._connection.run("settle_webhook", job_id)
