"""Incomplete operations on pictures, one row each."""

from nst.store.ports import Cleanup, Cleanups
from nst.store.sqlite.database import UsesDatabase


class SqliteCleanups(UsesDatabase, Cleanups):
    def put(self, cleanup: Cleanup, now: float) -> None:
        self._database.change("INSERT OR REPLACE INTO cleanups VALUES (?, ?, ?)", (*cleanup, now))

    def pending(self, before: float, limit: int) -> list[Cleanup]:
        query = "SELECT key, token FROM cleanups WHERE at < ? ORDER BY at, key, token LIMIT ?"
        return [Cleanup(*row) for row in self._database.rows(query, (before, limit))]

    def settle(self, cleanup: Cleanup) -> None:
        self._database.change("DELETE FROM cleanups WHERE key = ? AND token = ?", cleanup)
