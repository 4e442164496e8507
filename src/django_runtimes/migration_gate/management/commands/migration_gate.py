"""`webapp migration_gate`: whether the migrations to apply would break the version that still runs."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from django_runtimes.migration_gate.gate_report import Report, as_json, as_text
from django_runtimes.migration_gate.judgement import UnappliableError, judge, name_of
from django_runtimes.migration_gate.sizes import read_sizes
from django_runtimes.operations.operations_session import open_session

# BSD's EX_UNAVAILABLE: there is no verdict, which is neither yes nor no.
_EXIT_NO_VERDICT = 69


class Command(BaseCommand):
    help = (
        "Judges the migrations to apply against the tables that the running version knows. Changes nothing. "
        "Exit codes: 0 nothing breaks; 1 something does, or cannot be judged, and is not allowed; "
        "2 bad arguments; 69 no verdict."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON on one line")
        parser.add_argument(
            "--allow",
            action="append",
            default=[],
            metavar="APP.NAME",
            help="a migration that may break the running version; may be repeated",
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections), help="default: default")

    def handle(self, *, json: bool, allow: list[str], database: str, **options: Any) -> None:
        connection = connections[database]
        try:
            open_session(connection)
        except CommandError as error:
            raise _no_verdict(str(error)) from None
        with transaction.atomic(using=database), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            report = _report(connection, allow)
        self.stdout.write(as_json(report) if json else as_text(report))
        if report.exit_code:
            raise SystemExit(report.exit_code)


def _report(connection: BaseDatabaseWrapper, allowed: Sequence[str]) -> Report:
    executor, state = _read_migrations(connection)
    loader = executor.loader
    _refuse_conflicts(loader)
    _refuse_unknown(loader, allowed)
    plan = [migration for migration, _ in executor.migration_plan(loader.graph.leaf_nodes())]
    try:
        verdicts = judge(
            plan,
            state,
            alias=connection.alias,
            known_apps={app_label for app_label, _ in _applied(loader)},
            sizes=read_sizes(connection.connection),
            allowed=allowed,
        )
    except UnappliableError as error:
        raise _no_verdict(f"{error}; mend it: `webapp migrate` fails there too") from error
    return Report(tuple(map(name_of, plan)), _unknown(loader), tuple(verdicts))


def _read_migrations(connection: BaseDatabaseWrapper) -> tuple[MigrationExecutor, ProjectState]:
    """All of them, and the state that the applied ones make."""
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        return executor, executor.loader.project_state(_applied(executor.loader))
    # It runs their modules, which may raise anything.
    except Exception as error:
        raise _no_verdict(f"{type(error).__name__}: {error}; `webapp migrate` says the same") from error


def _applied(loader: MigrationLoader) -> list[tuple[str, str]]:
    return [key for key in loader.applied_migrations if key in loader.graph.nodes]


def _no_verdict(reason: str) -> CommandError:
    return CommandError(" ".join(reason.split()), returncode=_EXIT_NO_VERDICT)


def _unknown(loader: MigrationLoader) -> tuple[str, ...]:
    # Those that a squashed migration replaces are applied by name only.
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return tuple(
        f"{app_label}.{name}"
        for app_label, name in loader.applied_migrations
        if app_label in loader.migrated_apps and (app_label, name) not in loader.disk_migrations.keys() | replaced
    )


def _refuse_conflicts(loader: MigrationLoader) -> None:
    conflicts = loader.detect_conflicts()
    if conflicts:
        leaves = "; ".join(f"{app_label} ends in {', '.join(sorted(names))}" for app_label, names in conflicts.items())
        raise _no_verdict(f"{leaves}; join them by makemigrations --merge")


def _refuse_unknown(loader: MigrationLoader, allowed: Sequence[str]) -> None:
    # One that is applied already is no mistake: a deploy that was stopped is run again with the same options.
    known = {f"{app_label}.{name}" for app_label, name in loader.disk_migrations}
    for name in allowed:
        if name not in known:
            raise CommandError(
                f"--allow {name!r} is no migration of this version; name one as app.name, "
                "as `webapp migration_gate` prints it",
                returncode=2,
            )
