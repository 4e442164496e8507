"""Finds what a database keeps of a migration that fails."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.interface.engine_registry import driver_error

_SHOWN_STATEMENTS = 5
_SHOWN_CHARACTERS = 120
_FIRST_WORD = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)
_CHANGES_TABLES = frozenset({"alter", "create", "drop", "rename", "truncate"})
_CHANGES_ROWS = frozenset({"call", "delete", "insert", "load", "merge", "replace", "update"})


class KeptStatements:
    """The statements of the running migration that the database keeps even if the migration fails.

    A database that cannot roll back changes of tables commits each of them, and the rows that were written before it.
    The same holds for a migration with `atomic = False` on any database, except within `atomic()`.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._rolls_back_tables = bool(connection.features.can_rollback_ddl)
        self._alias = connection.alias
        self._migration: Migration | None = None
        self._is_unapplied = False
        self._kept: list[str] = []
        # A statement that was sent, or whose transaction is open: without an answer, its effect is not known.
        self._pending: str | None = None

    def begin(self, migration: Migration, *, is_unapplied: bool = False) -> None:
        """Forget the former migration; `is_unapplied` tells whether this one is reversed."""
        self._migration, self._is_unapplied, self._kept, self._pending = migration, is_unapplied, [], None

    def end(self) -> None:
        """Note that the running migration is recorded."""
        self._migration = None

    def __call__(
        self, execute: Callable[..., Any], sql: object, params: object, many: object, context: dict[str, Any]
    ) -> Any:
        migration = self._migration
        if migration is None or (self._rolls_back_tables and migration.atomic):
            return execute(sql, params, many, context)
        connection, text = context["connection"], str(sql)
        match = _FIRST_WORD.match(text)
        word = match[1].lower() if match else ""
        changes = word in _CHANGES_TABLES | _CHANGES_ROWS
        commits = word in _CHANGES_TABLES and not self._rolls_back_tables
        if commits:
            # Even if the statement fails, the transaction before it is committed.
            _keep_written(connection)
        if changes:
            self._pending = text
        try:
            result = execute(sql, params, many, context)
        except Exception as error:
            if not _is_unanswered(error):
                self._pending = None
            raise
        if changes:
            if commits or not connection.in_atomic_block:
                self._keep(text)
            elif not _is_last(connection, text):
                # Django forgets the function if the transaction or its savepoint is rolled back.
                connection.on_commit(_Written(text, self._keep))
        return result

    def advice(self, error: BaseException) -> str | None:
        """Return what the failed migration has left behind and what to do, on one line; None if it left nothing."""
        migration = self._migration
        if migration is None:
            return None
        name, words = f"{migration.app_label}.{migration.name}", f"{migration.app_label} {migration.name}"
        database = "" if self._alias == DEFAULT_DB_ALIAS else f" --database {self._alias}"
        sqlmigrate = f"`webapp sqlmigrate {words}{' --backwards' if self._is_unapplied else ''}{database}`"
        pending = shorten(self._pending, _SHOWN_CHARACTERS, placeholder="…") if self._pending else None
        if not _is_unanswered(error):
            pending = None
        if self._kept:
            unknown = f" It may still carry out: {pending}." if pending else ""
            state = _state_before(migration) if self._is_unapplied else words
            return (
                f"{name} stopped half-way, and the database keeps what it has carried out: {self._shown()}.{unknown} "
                f"Undo these statements, correct the cause and run this again; or carry out the rest of {sqlmigrate} "
                f"by hand and record it with `webapp migrate {state} --fake{database}`"
            )
        if pending:
            return (
                f"{name} was interrupted, and the database may still carry out: {pending}. Compare the tables with "
                f"{sqlmigrate} before you run this again"
            )
        if self._rolls_back_tables or not isinstance(error, DatabaseError):
            return None
        return (
            f"{name} has changed nothing. If an earlier run of it was killed, a part of it may be there already: "
            f"compare the tables with {sqlmigrate}"
        )

    def _shown(self) -> str:
        shown = [shorten(text, _SHOWN_CHARACTERS, placeholder="…") for text in self._kept[-_SHOWN_STATEMENTS:]]
        more = len(self._kept) - len(shown)
        return "; ".join([f"{more} more before these", *shown] if more else shown)

    def _keep(self, text: str) -> None:
        self._pending = None
        # A data migration may repeat a statement for each row.
        if self._kept[-1:] != [text]:
            self._kept.append(text)


@dataclass
class _Written:
    """A function for Django's list of functions to call on commit: a statement of the open transaction."""

    text: str
    keep: Callable[[str], None]
    is_kept: bool = False

    def __call__(self) -> None:
        if not self.is_kept:
            self.is_kept = True
            self.keep(self.text)


def _is_unanswered(error: BaseException) -> bool:
    """Return whether the database may go on with a statement: after a signal, or when its connection is lost."""
    if not isinstance(error, Exception):
        return True
    found = driver_error(error)
    if found is None or found.engine.is_read_only(found.error):
        return False
    return found.engine.failure_of(found.error) is DatabaseFailure.UNAVAILABLE


def _state_before(migration: Migration) -> str:
    """Return the arguments of `migrate` for the state without the migration."""
    before = [name for app, name in migration.dependencies if app == migration.app_label]
    return f"{migration.app_label} {before[0] if before else 'zero'}"


def _keep_written(connection: BaseDatabaseWrapper) -> None:
    for _, function, *_ in connection.run_on_commit:
        if isinstance(function, _Written):
            function()


def _is_last(connection: BaseDatabaseWrapper, text: str) -> bool:
    """Return whether the last statement of the transaction is the same, so that a loop over rows is noted once."""
    for savepoints, function, *_ in connection.run_on_commit[-1:]:
        return isinstance(function, _Written) and function.text == text and savepoints == set(connection.savepoint_ids)
    return False
