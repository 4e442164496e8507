"""`webapp set_role_timeouts`: stores the web role's timeouts in the server, where they apply to every route."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from django_runtimes.config.adopted import adopted_by
from django_runtimes.databases.interface.operations_session import open_roles
from django_runtimes.databases.interface.role_administration import RoleAdministration
from django_runtimes.operations.web_role_login import web_role_and_login

Timeouts = Mapping[str, int | None]


class Command(BaseCommand):
    help = (
        "Sets statement_timeout and idle_in_transaction_session_timeout of the role that the application logs in "
        "as (WEBAPP_DB_STATEMENT_TIMEOUT_S, WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S); on MariaDB max_statement_time "
        "alone, since it stores no other. The command uses the operations login, on the direct route or data_api."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        role = adopted_by(settings).web_role
        parser.add_argument("--role", default=role, help=f"default: the web login, {role or 'which its secret names'}")
        parser.add_argument("--dry-run", action="store_true", help="print the changes without making them")

    def handle(self, *, role: str, dry_run: bool, **options: Any) -> None:
        server, self._driver_error = open_roles(connection)
        wanted = server.named_timeouts(
            statement_timeout_ms=adopted_by(settings).statement_timeout_s * 1000,
            idle_in_transaction_timeout_ms=adopted_by(settings).idle_in_transaction_timeout_s * 1000,
        )
        role = role or web_role_and_login().role
        before = self._read(server, role)
        if before != wanted and not dry_run:
            self._write(server, role, wanted)
        for line in _lines(role, before, wanted, verb="would be" if dry_run else "is"):
            self.stdout.write(line)
        if before != wanted and not dry_run:
            self.stdout.write("Open connections keep their timeouts; new ones get these.")

    def _read(self, server: RoleAdministration, role: str) -> Timeouts:
        try:
            return server.read_timeouts(role)
        except LookupError as error:
            raise CommandError(f"{error.args[0]}; name the application's role with --role") from None
        except self._driver_error as error:
            if (refusal := server.refusal(error)) is None:
                raise
            raise CommandError(
                f"{server.current()!r} may not read the timeouts of role {role!r}: {refusal}; log in as the role that "
                "administers the server (WEBAPP_DB_OPERATIONS_USER or WEBAPP_DB_OPERATIONS_SECRET_ARN)"
            ) from None

    def _write(self, server: RoleAdministration, role: str, wanted: Timeouts) -> None:
        login = server.current()
        try:
            with transaction.atomic():
                server.write_timeouts(role, wanted)
        except self._driver_error as error:
            if server.refusal(error) is None:
                raise
            raise CommandError(f"{login!r} may not alter role {role!r}; {server.right_to_alter(role, login)}") from None
        if self._read(server, role) != wanted:
            database = server.database()
            raise CommandError(
                f"role {role!r} has other timeouts in database {database!r}, which override these; "
                f"run ALTER ROLE {role} IN DATABASE {database} RESET ALL, or set the timeouts in that database"
            )


def _lines(role: str, before: Timeouts, wanted: Timeouts, *, verb: str) -> list[str]:
    return [
        f"{name} of role {role} is already {_duration(timeout_ms)}"
        if before[name] == timeout_ms
        else f"{name} of role {role} {verb} {_duration(timeout_ms)}, was {_duration(before[name])}"
        for name, timeout_ms in wanted.items()
    ]


def _duration(timeout_ms: int | None) -> str:
    if timeout_ms is None:
        return "not set"
    if timeout_ms == 0:
        return "0 (no limit)"
    return f"{timeout_ms // 1000} s" if timeout_ms % 1000 == 0 else f"{timeout_ms} ms"
