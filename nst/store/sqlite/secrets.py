"""Secrets, one row each."""

from nst.store.ports import Secrets
from nst.store.sqlite.database import UsesDatabase


class SqliteSecrets(UsesDatabase, Secrets):
    def keep(self, name: str, proposed: str) -> str:
        with self._database.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, proposed))
            (value,) = connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
            return str(value)
