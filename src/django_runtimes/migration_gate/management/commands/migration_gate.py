"""`webapp migration_gate`: judges whether pending migrations would break the running version."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from django_runtimes.databases.interface.engine_registry import engine_of, engines
from django_runtimes.databases.interface.operations_session import open_session
from django_runtimes.migration_gate.gate_report import Report, as_json, as_text
from django_runtimes.migration_gate.judgement import UnappliableError, judge, name_of

# EX_UNAVAILABLE of sysexits.h: the migrations could not be judged.
_EXIT_NO_VERDICT = 69


class Command(BaseCommand):
    help = (
        "Judges pending migrations by the tables that the running version relies on, and changes nothing. "
        "Exit codes: 0 nothing breaks; 1 something breaks or cannot be judged, and is not allowed; "
        "2 invalid arguments; 69 no verdict."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON on one line")
        parser.add_argument(
            "--allow",
            action="append",
            default=[],
            metavar="APP.NAME",
            help="accept a migration although it may break the running version; may be repeated",
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections), help="default: default")

    def handle(self, *, json: bool, allow: list[str], database: str, **options: Any) -> None:
        connection = connections[database]
        engine = engine_of(connection)
        if engine is None:
            raise _no_verdict(
                f"DATABASES[{database!r}] has the engine {connection.settings_dict['ENGINE']!r}; the gate judges only "
                f"{' and '.join(dict.fromkeys(each.product for each in engines() if each.has_migration_lock))}"
            )
        try:
            # An engine without such a transaction refuses here, before a connection.
            reading = engine.read_only(connection)
            open_session(connection)
        except CommandError as error:
            raise _no_verdict(str(error)) from None
        with reading:
            sizes = engine.table_sizes(connection.connection)
            report = _report(connection, sizes or {}, allow)
        if sizes is None and report.pending:
            self.stderr.write(
                f"not judged on {engine.product}: whether a change of a large table blocks other sessions while it runs"
            )
        self.stdout.write(as_json(report) if json else as_text(report))
        if report.exit_code:
            raise SystemExit(report.exit_code)


def _report(connection: BaseDatabaseWrapper, sizes: Mapping[str, int], allowed: Sequence[str]) -> Report:
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
            sizes=sizes,
            rolls_back_tables=bool(connection.features.can_rollback_ddl),
            allowed=allowed,
        )
    except UnappliableError as error:
        raise _no_verdict(f"{error}; correct the migration, which `webapp migrate` cannot apply either") from error
    return Report(tuple(map(name_of, plan)), _unknown(loader), tuple(verdicts))


def _read_migrations(connection: BaseDatabaseWrapper) -> tuple[MigrationExecutor, ProjectState]:
    """Return an executor with all migrations, and the state after the applied ones."""
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        return executor, executor.loader.project_state(_applied(executor.loader))
    # Loading runs the migrations' modules, which may raise anything.
    except Exception as error:
        raise _no_verdict(
            f"{type(error).__name__}: {error}; `webapp migrate` fails too, so correct the migrations"
        ) from error


def _applied(loader: MigrationLoader) -> list[tuple[str, str]]:
    return [key for key in loader.applied_migrations if key in loader.graph.nodes]


def _no_verdict(reason: str) -> CommandError:
    return CommandError(" ".join(reason.split()), returncode=_EXIT_NO_VERDICT)


def _unknown(loader: MigrationLoader) -> tuple[str, ...]:
    # The migrations that a squashed one replaces stay recorded as applied after their files are gone.
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
        raise _no_verdict(f"{leaves}; merge them with makemigrations --merge")


def _refuse_unknown(loader: MigrationLoader, allowed: Sequence[str]) -> None:
    # An applied migration is accepted too: an interrupted deploy is repeated with the same options.
    known = {f"{app_label}.{name}" for app_label, name in loader.disk_migrations}
    for name in allowed:
        if name not in known:
            raise CommandError(
                f"--allow {name!r} is not a migration of this version; name one as app.name, "
                "as `webapp migration_gate` prints it",
                returncode=2,
            )
