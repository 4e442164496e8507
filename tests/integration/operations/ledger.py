"""Runs `webapp migrate` on the application `ledger` on MariaDB, as real processes."""

from typing import Any

from tests.integration.operations.journal import Journal
from tests.mariadb import execute


class Ledger(Journal):
    """The database and the processes that migrate it."""

    application = "ledger"

    def execute(self, query: str, parameters: object = None) -> list[tuple[Any, ...]]:
        return execute(self.url, query, parameters)

    def columns(self) -> list[str]:
        """Return the names of the table's columns."""
        return [name for name, *_ in self.execute("SHOW COLUMNS FROM ledger_account")]

    def lock_holder(self, name: str) -> int | None:
        """Return the connection that holds one of the locks of the database."""
        return self.execute("SELECT IS_USED_LOCK(CONCAT(%s, ' ', DATABASE()))", [name])[0][0]
