"""`webapp pinlint`: runs the project's tests and lists every statement that would pin RDS Proxy."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from django_runtimes.cli.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.application_variables import RUNTIME
from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.pin_report import as_json, render_text
from django_runtimes.pinning.recorder import recording
from django_runtimes.pinning.watcher import TestWatcher

_EXIT_NO_VERDICT = 3
# The runtime whose profile connects through RDS Proxy.
_DEFAULT_RUNTIME = "aws_lambda"


def main(arguments: Sequence[str]) -> int:
    """Run pytest with the other arguments, and return an exit code that the help explains."""
    options, pytest_arguments = _parser().parse_known_args(arguments)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        sys.stderr.write(f"webapp pinlint: --json {options.json} is in a missing directory; create it first\n")
        return EXIT_USAGE
    runtime = os.environ.setdefault(RUNTIME.name, _DEFAULT_RUNTIME)
    # `python -m pytest` does the same, so that tests can import the project's modules.
    sys.path.insert(0, str(Path.cwd()))
    findings, ending = Findings(), _Ending()
    try:
        with recording(findings.observe):
            code = pytest.main(
                ["-p", "django_runtimes.pinning.plugin", *pytest_arguments], plugins=[TestWatcher(findings), ending]
            )
    except ConfigurationError as error:
        # Django's settings load before pytest can report their errors.
        sys.stderr.write(f"webapp pinlint: {error}\n")
        return EXIT_CONFIGURATION
    if ending.early is KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if code == pytest.ExitCode.USAGE_ERROR and ending.early is None:
        return EXIT_USAGE
    if findings.statements:
        sys.stdout.write(f"\nPin lint, as {runtime}\n\n{render_text(findings)}")
        sys.stdout.flush()
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(findings), indent=2) + "\n")
    return _verdict(findings, _incompleteness(int(code), ending))


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


def _verdict(findings: Findings, incomplete: str | None) -> int:
    if findings.pins:
        if incomplete:
            sys.stderr.write(f"webapp pinlint: {incomplete}, so there may be more findings\n")
        return EXIT_FAILED
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="webapp pinlint",
        usage="webapp pinlint [--json FILE] [PYTEST ARGUMENTS]",
        description="Run the project's tests and list every statement that would pin RDS Proxy, with the line "
        f"that sent it. WEBAPP_RUNTIME is {_DEFAULT_RUNTIME} unless it is set.",
        epilog="exit codes: 0 nothing would pin, 1 something would pin, 2 wrong arguments, "
        "3 no verdict (nothing found, but a test failed or no test sent a statement), "
        "78 invalid variables, 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the findings to FILE")
    return parser
