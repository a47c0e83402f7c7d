"""Messages that are owed, one row each."""

import json
from dataclasses import asdict

from nst.store.ports import Webhook
from nst.store.sqlite.database import Database


class SqliteWebhooks:
    """`Webhooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, webhook: Webhook, now: float) -> None:
        with self._database.writing() as connection:
            row = (webhook.job_id, now, json.dumps(asdict(webhook)))
            connection.execute("INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?)", row)

    def owed(self, now: float, limit: int) -> list[Webhook]:
        with self._database.reading() as connection:
            query = "SELECT webhook FROM webhooks WHERE free_from <= ? ORDER BY free_from, job_id LIMIT ?"
            return [Webhook(**json.loads(row["webhook"])) for row in connection.execute(query, (now, limit))]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        with self._database.writing() as connection:
            change = "UPDATE webhooks SET free_from = ? WHERE job_id = ? AND free_from <= ? RETURNING webhook"
            row = connection.execute(change, (now + lease_seconds, job_id, now)).fetchone()
        return Webhook(**json.loads(row["webhook"])) if row else None

    def settle(self, job_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM webhooks WHERE job_id = ?", (job_id,))
