"""Django's migrate, which as an operation takes a lock and runs without the timeouts of web requests."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.config.adopted import adopted_by
from django_runtimes.config.values.choices import Role
from django_runtimes.config.variables.database.database_connections import DB_LOCK_TIMEOUT_S
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.engine_registry import engine_of
from django_runtimes.databases.interface.migration_lock import MigrationLock
from django_runtimes.databases.interface.operations_session import answering, open_session
from django_runtimes.operations.kept_statements import KeptStatements

_WAIT_S = 600
# The exit code that a shell reports after Ctrl-C.
_EXIT_INTERRUPTED = 130


class Command(DjangoCommand):
    """Runs under the migration lock as an operation, and exactly as Django's command under the web role.

    A test runner calls it under the web role, which may connect through a proxy.
    """

    _lock: MigrationLock | None = None
    _kept: KeptStatements | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--wait",
            type=_whole_seconds,
            default=_WAIT_S,
            metavar="SECONDS",
            help=f"How long to wait for another migrate before ending with exit code 75. Default: {_WAIT_S}.",
        )
        parser.add_argument(
            "--lock-timeout",
            type=_whole_seconds,
            default=adopted_by(settings).lock_timeout_s,
            metavar="SECONDS",
            help="How long one statement waits for other sessions' locks; 0 disables the limit. "
            "Default: WEBAPP_DB_LOCK_TIMEOUT_S.",
        )

        parser.add_argument(
            "--without-lock",
            action="store_true",
            help="Run on Oracle and SQL Server, for which there is no lock; run one migrate at a time. Other databases "
            "are locked all the same.",
        )

    def run_from_argv(self, argv: list[str]) -> None:
        # PID 1 of a container ignores signals without a handler, and a script's background job ignores SIGINT.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            self.stderr.write("migrate was interrupted; run it again to apply the migrations that remain")
            sys.exit(_EXIT_INTERRUPTED)

    def check(self, *args: Any, **options: Any) -> None:
        # The check of Django's engine for MySQL asks the server.
        with answering():
            super().check(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        if adopted_by(settings).role is Role.WEB:
            super().handle(*args, **options)
            return
        connection = connections[options["database"]]
        if options["plan"] or options["check_unapplied"]:
            open_session(connection)
            super().handle(*args, **options)
            return
        engine = engine_of(connection)
        if engine is None:
            raise CommandError(
                f"DATABASES[{connection.alias!r}] has the engine {connection.settings_dict['ENGINE']!r}, for which "
                "migrate has no lock; run it with WEBAPP_DB_ROLE=web, one process at a time"
            )
        self._kept = KeptStatements(connection)
        try:
            with self._locked(engine, connection, options), connection.execute_wrapper(self._kept):
                super().handle(*args, **options)
        except BaseException as error:
            # A signal may interrupt a migration too.
            if (advice := self._kept.advice(error)) is not None:
                # Django has begun a line with the migration's name.
                self._say(f"\n{advice}")
            raise

    @contextmanager
    def _locked(
        self, engine: DatabaseEngine, connection: BaseDatabaseWrapper, options: Mapping[str, Any]
    ) -> Iterator[None]:
        """Hold the lock of the connection's database, unless its engine has none and the option says so."""
        if options["without_lock"] and not engine.has_migration_lock:
            self._say(f"{engine.product} has no lock for migrate, so nothing stops another migrate at the same time")
            open_session(connection)
            yield
            return
        with (
            engine.migration_lock(connection, wait_s=options["wait"], say=self._say) as self._lock,
            engine.migration_session(connection, lock_timeout_s=options["lock_timeout"]),
        ):
            yield

    def migration_progress_callback(self, action: str, *details: Any, **options: Any) -> None:
        if self._lock is not None and action in {"apply_start", "unapply_start"}:
            self._lock.check()
        if self._kept is not None and details:
            if action in {"apply_start", "unapply_start"}:
                self._kept.begin(details[0], is_unapplied=action == "unapply_start")
            elif action in {"apply_success", "unapply_success"}:
                self._kept.end()
        super().migration_progress_callback(action, *details, **options)

    def _say(self, line: str) -> None:
        self.stderr.write(line, self.style.WARNING)


def _whole_seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > DB_LOCK_TIMEOUT_S.maximum:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds up to {DB_LOCK_TIMEOUT_S.maximum}")
    return int(text)
