"""`webapp set_role_timeouts`: stores the web role's timeouts in PostgreSQL, where they apply to every route."""

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from django_runtimes.config.adopted import adopted_by
from django_runtimes.operations.operations_session import open_session
from django_runtimes.operations.role_timeouts import RoleTimeouts, read_role_timeouts, write_role_timeouts


class Command(BaseCommand):
    help = (
        "Sets statement_timeout and idle_in_transaction_session_timeout of the role that the application logs in "
        "as (WEBAPP_DB_STATEMENT_TIMEOUT_S, WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S). The command uses the direct "
        "route and the operations login."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", default=adopted_by(settings).web_role, help="default: the web login, %(default)s")
        parser.add_argument("--dry-run", action="store_true", help="print the changes without making them")

    def handle(self, *, role: str, dry_run: bool, **options: Any) -> None:
        wanted = RoleTimeouts(
            statement_timeout_ms=adopted_by(settings).statement_timeout_s * 1000,
            idle_in_transaction_timeout_ms=adopted_by(settings).idle_in_transaction_timeout_s * 1000,
        )
        server = open_session(connection)
        before = self._read(server, role)
        if before != wanted and not dry_run:
            self._write(server, role, wanted)
        for line in _lines(role, before, wanted, verb="would be" if dry_run else "is"):
            self.stdout.write(line)
        if before != wanted and not dry_run:
            self.stdout.write("Open connections keep their timeouts; new ones get these.")

    def _read(self, server: psycopg.Connection, role: str) -> RoleTimeouts:
        try:
            return read_role_timeouts(server, role)
        except LookupError as error:
            raise CommandError(f"{error.args[0]}; name the application's role with --role") from None

    def _write(self, server: psycopg.Connection, role: str, wanted: RoleTimeouts) -> None:
        login = server.info.user
        try:
            write_role_timeouts(server, role, wanted)
        except psycopg.errors.InsufficientPrivilege:
            raise CommandError(
                f"{login!r} may not alter role {role!r}; give {login!r} CREATEROLE and, since PostgreSQL 16, "
                f"GRANT {role} TO {login} WITH ADMIN OPTION; or log in as {role!r}, which may set its own timeouts"
            ) from None
        if self._read(server, role) != wanted:
            database = server.info.dbname
            raise CommandError(
                f"role {role!r} has other timeouts in database {database!r}, which override these; "
                f"run ALTER ROLE {role} IN DATABASE {database} RESET ALL, or set the timeouts in that database"
            )


def _lines(role: str, before: RoleTimeouts, wanted: RoleTimeouts, *, verb: str) -> list[str]:
    former = before.by_setting()
    return [
        f"{name} of role {role} is already {_duration(timeout_ms)}"
        if former[name] == timeout_ms
        else f"{name} of role {role} {verb} {_duration(timeout_ms)}, was {_duration(former[name])}"
        for name, timeout_ms in wanted.by_setting().items()
    ]


def _duration(timeout_ms: int | None) -> str:
    if timeout_ms is None:
        return "not set"
    if timeout_ms == 0:
        return "0 (no limit)"
    return f"{timeout_ms // 1000} s" if timeout_ms % 1000 == 0 else f"{timeout_ms} ms"
