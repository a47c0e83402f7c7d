"""Pending webhooks, one row each."""

import json
from dataclasses import asdict

from nst.store.ports import Webhook, Webhooks
from nst.store.sqlite.database import UsesDatabase


class SqliteWebhooks(UsesDatabase, Webhooks):
    def put(self, webhook: Webhook, now: float) -> None:
        row = (webhook.job_id, now, json.dumps(asdict(webhook)))
        self._database.change("INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?)", row)

    def pending(self, now: float, limit: int) -> list[Webhook]:
        query = "SELECT webhook FROM webhooks WHERE free_from <= ? ORDER BY free_from, job_id LIMIT ?"
        return [Webhook(**json.loads(text)) for (text,) in self._database.rows(query, (now, limit))]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        statement = "UPDATE webhooks SET free_from = ? WHERE job_id = ? AND free_from <= ? RETURNING webhook"
        claimed = self._database.change(statement, (now + lease_seconds, job_id, now))
        return Webhook(**json.loads(claimed[0]["webhook"])) if claimed else None

    def settle(self, job_id: str) -> None:
        self._database.change("DELETE FROM webhooks WHERE job_id = ?", (job_id,))
