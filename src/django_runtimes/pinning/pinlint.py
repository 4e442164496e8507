"""`webapp pinlint`: runs the project's tests and lists every statement that a route would pin or refuse."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from django_runtimes.cli.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.application_variables import RUNTIME
from django_runtimes.config.variables.database.database_address import DB_ROUTE
from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.linted_route import LINTED_ROUTES, LintedRoute
from django_runtimes.pinning.pin_report import as_json, render_text
from django_runtimes.pinning.recorder import recording
from django_runtimes.pinning.settings_of_block import SettingsNeededError, SettingsOfBlock
from django_runtimes.pinning.watcher import TestWatcher

_EXIT_NO_VERDICT = 3


def main(arguments: Sequence[str]) -> int:
    """Run pytest with the other arguments, and return an exit code that the help explains."""
    options, pytest_arguments = _parser().parse_known_args(arguments)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        sys.stderr.write(f"webapp pinlint: --json {options.json} is in a missing directory; create it first\n")
        return EXIT_USAGE
    if os.environ.get(DB_ROUTE.name) == Route.DATA_API:
        sys.stderr.write(
            "webapp pinlint: WEBAPP_DB_ROUTE is data_api, but the lint reads what psycopg sends; run it on a "
            "PostgreSQL, with DATABASE_URL and without WEBAPP_DB_ROUTE\n"
        )
        return EXIT_CONFIGURATION
    route = LINTED_ROUTES[Route(options.route)]
    if route.runtime is not None:
        os.environ.setdefault(RUNTIME.name, route.runtime)
    # `python -m pytest` does the same, so that tests can import the project's modules.
    sys.path.insert(0, str(Path.cwd()))
    findings, ending, block = Findings(route), _Ending(), SettingsOfBlock(os.environ)
    try:
        with recording(findings.observe, findings.observe_rows):
            code = _run_tests(pytest_arguments, [TestWatcher(findings), ending], block)
    except ConfigurationError as error:
        # Django's settings load before pytest can report their errors.
        block.error = error
    if block.error is not None:
        sys.stderr.write(f"webapp pinlint: {block.error}\n")
        return EXIT_CONFIGURATION
    if ending.early is KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if code == pytest.ExitCode.USAGE_ERROR and ending.early is None:
        return EXIT_USAGE
    unread = _unread_databases(options.route, route)
    if findings.statements and not unread:
        sys.stdout.write(f"\n{route.title}{_as_runtime()}\n\n{render_text(findings)}")
        sys.stdout.flush()
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(findings), indent=2) + "\n")
    return _verdict(findings, unread, _incompleteness(int(code), ending))


def _run_tests(arguments: Sequence[str], plugins: Sequence[object], block: SettingsOfBlock) -> int:
    command = ["-p", "django_runtimes.pinning.plugin", *arguments]
    try:
        return pytest.main(command, plugins=[*plugins, block])
    except SettingsNeededError:
        block.load_first()
        return pytest.main(command, plugins=[*plugins, block])


class _Ending:
    """A pytest plugin that notes why a run ends before its last test."""

    def __init__(self) -> None:
        # KeyboardInterrupt, or the exception of a collection error or of pytest.exit().
        self.early: type[BaseException] | None = None

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note the exception."""
        self.early = excinfo.type


def _incompleteness(pytest_code: int, ending: _Ending) -> str | None:
    """Return why some tests did not run or did not pass, or None if all passed."""
    if pytest_code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return f"pytest exited with {pytest_code}"
    return None if ending.early is None else "pytest exited before its last test"


def _verdict(findings: Findings, unread: str, incomplete: str | None) -> int:
    if findings.found:
        if incomplete:
            sys.stderr.write(f"webapp pinlint: {incomplete}, so there may be more findings\n")
        return EXIT_FAILED
    if unread:
        sys.stderr.write(f"webapp pinlint: no verdict, since {unread}\n")
        return _EXIT_NO_VERDICT
    if incomplete:
        sys.stderr.write(f"webapp pinlint: no verdict, since {incomplete}; make the tests pass\n")
        return _EXIT_NO_VERDICT
    if findings.statements == 0:
        sys.stderr.write(
            "webapp pinlint: no verdict, since no test that ran sent a statement; "
            "run tests that use the database, in one process (without -n), and list skipped tests with -rs\n"
        )
        return _EXIT_NO_VERDICT
    return EXIT_DONE


def _unread_databases(name: str, route: LintedRoute) -> str:
    """Return why the lint read nothing of the databases that the tests used, or an empty string."""
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        return ""
    # Settings without databases have one whose vendor is unknown.
    vendors = {connection.vendor for connection in connections.all(initialized_only=True)} - {"unknown"}
    if not vendors or vendors.intersection(route.rules_by_engine):
        return ""
    used, known = " and ".join(sorted(vendors)), " or ".join(route.rules_by_engine)
    return f"the tests use {used}, and --route {name} needs {known}; set DATABASE_URL to such a server"


def _as_runtime() -> str:
    runtime = os.environ.get(RUNTIME.name)
    return f", as {runtime}" if runtime else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="webapp pinlint",
        usage="webapp pinlint [--route {proxy,data_api}] [--json FILE] [PYTEST ARGUMENTS]",
        description="Run the project's tests and list every statement that would pin RDS Proxy, or that the Data API "
        "would refuse, with the line that sent it. For the proxy, WEBAPP_RUNTIME is aws_lambda unless it is set.",
        epilog="exit codes: 0 nothing found, 1 something found, 2 wrong arguments, "
        "3 no verdict (nothing found, but a test failed, no test sent a statement, or the database has no rules), "
        "78 invalid variables, 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--route",
        choices=[route.value for route in LINTED_ROUTES],
        default=Route.PROXY.value,
        help="the route that production will use (default: proxy)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the findings to FILE")
    return parser
