"""`webapp test`: runs the project's own suite under each profile, on a PostgreSQL of its own."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.project.project import NO_SETTINGS, project_at, settings_by_variable
from django_runtimes.cli.project.settings_check import PRODUCTS
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.codebase.own_variables import database_notices, own_variables
from django_runtimes.compare.codebase.replaced_engine import engine_notices
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.postgres import EmbeddedPostgres, postgres_server
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.suite.suite import Suite
from django_runtimes.compare.suite.suite_process import run_suite
from django_runtimes.compare.suite.suite_runner import RUNNERS, choose_runner
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.file_variables import STATIC_ROOT

_DATABASE = "project"
_DEFAULT_RUNTIMES = (Runtime.AWS_LAMBDA, Runtime.AWS_ECS)


def main(arguments: Sequence[str]) -> int:
    """Run the suite under each profile; return the worst exit code (see `--help`)."""
    own, for_the_runner = _split(arguments)
    parser = _parser()
    options, unknown = parser.parse_known_args(own)
    if unknown:
        parser.error(f"{unknown[0]!r} is not an option of this verb; put options of the test runner after --")
    treat_termination_as_interruption()
    endings: dict[Runtime, str] = {}
    try:
        suite = _suite(options.runner, (*options.arguments, *for_the_runner))
        _notify(suite.variables.notices)
        return max(_run(suite, runtime, endings) for runtime in dict.fromkeys(options.runtime or _DEFAULT_RUNTIMES))
    except (ToolError, ConfigurationError) as error:
        _notify([str(error)])
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        for runtime, ending in endings.items():
            _say(f"{_title(runtime)} {ending}")


def _suite(wanted: str | None, arguments: tuple[str, ...]) -> Suite:
    project = project_at(Path.cwd())
    runner = choose_runner(project, wanted)
    settings = (
        runner.settings_of(arguments)
        or settings_by_variable(os.environ)
        or runner.settings
        or os.environ.get("DJANGO_SETTINGS_MODULE")
    )
    if not settings:
        raise UsageError(NO_SETTINGS)
    given: Mapping[str, str] = {}
    if project.workload is not None:
        given = load_workload(project.workload, settings_module=settings).application.environment
    return Suite(project, runner, arguments, settings, own_variables(project, given, os.environ))


def _run(suite: Suite, runtime: Runtime, endings: dict[Runtime, str]) -> int:
    """Run the suite under one profile and return its exit code; `endings` receives the outcome in words."""
    _say(f"{_title(runtime)}: {suite.runner.name} with {suite.settings}")
    given_url = os.environ.get("DATABASE_URL") or None
    settings, address = suite.check_settings(runtime, given_url)
    if address.engine is not Engine.POSTGRESQL:
        raise UsageError(
            f"DATABASE_URL names {PRODUCTS[address.engine]}, and the suite runs on PostgreSQL; unset it, and a "
            "PostgreSQL is started"
        )
    _notify([*engine_notices(settings, address.engine), *database_notices(settings, address)])
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(given_url))
        if isinstance(server, EmbeddedPostgres):
            create_database(server, _DATABASE)
            _notify(create_named_objects(server, _DATABASE, settings, address))
        environ = suite.environ(runtime, given_url or server.application_url(_DATABASE))
        if settings.lacks_static_root:
            # WhiteNoise, which the library adds, warns of a missing folder, and some suites treat warnings as errors.
            environ[STATIC_ROOT.name] = str(stack.enter_context(run_directory(account=None)))
        started_s = time.monotonic()
        endings[runtime] = "was interrupted"
        exit_code = run_suite((*suite.runner.command, *suite.arguments), environ, suite.runner.directory)
    endings[runtime] = f"{suite.runner.meaning(exit_code)} in {time.monotonic() - started_s:.0f} s"
    return exit_code


def _title(runtime: Runtime) -> str:
    return f"{runtime}, {PROFILES[runtime].connections.name}"


def _say(text: str) -> None:
    # Flush the line, so that it keeps its place among the lines of the suites.
    sys.stdout.write(f"webapp test: {text}\n")
    sys.stdout.flush()


def _notify(notices: Sequence[str]) -> None:
    for notice in notices:
        sys.stderr.write(f"webapp test: {notice}\n")


def _split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the verb's own arguments, and the runner's after --."""
    words = list(arguments)
    if "--" not in words:
        return words, ()
    place = words.index("--")
    return words[:place], tuple(words[place + 1 :])


def _parser() -> argparse.ArgumentParser:
    default = " and ".join(_DEFAULT_RUNTIMES)
    parser = OneLineParser(
        prog="webapp test",
        usage="webapp test [--runtime NAME]... [--runner NAME] [ARGS ...] [-- OPTIONS OF THE RUNNER ...]",
        description="Run the project's own tests under the profile of each runtime, on an embedded PostgreSQL or the "
        "one at DATABASE_URL, in test databases (test_...). Redirects to HTTPS are off, the secret key is one for "
        "tests, and static files need no collectstatic.",
        epilog="Exit codes: the worst of the runner's, 5 when it found no tests; 1 something could not be started, "
        "2 bad arguments, 130 interrupted.",
    )
    parser.add_argument(
        "--runtime",
        action="append",
        type=_runtime,
        metavar="NAME",
        help=f"a runtime whose profile is used, repeatable: {', '.join(Runtime)} (default: {default})",
    )
    parser.add_argument(
        "--runner",
        choices=RUNNERS,
        help="pytest, or Django's `test` command (default: pytest when the project configures it and has "
        "pytest-django, else django)",
    )
    parser.add_argument("arguments", nargs="*", metavar="ARGS", help="arguments of the runner, such as files or labels")
    return parser


def _runtime(text: str) -> Runtime:
    if text not in set(Runtime):
        raise argparse.ArgumentTypeError(f"{text!r} is not a runtime; choose one of: {', '.join(Runtime)}")
    return Runtime(text)
