"""`webapp serve`: runs the application on this machine, with a PostgreSQL of its own."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from signal import SIGTERM

from django_runtimes.cli import ports, processes
from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.project.project import NO_SETTINGS, Project, project_at
from django_runtimes.cli.project.settings_check import start_python
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.codebase.development_variables import development_variables
from django_runtimes.compare.codebase.own_variables import own_variables
from django_runtimes.compare.codebase.preparation import check_project_databases, prepare_application, start_command
from django_runtimes.compare.compare_error import CompareError, show_output
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.url import parse_database_url

_DATABASE = "project"
# A large project takes long to import on a busy machine, and it is imported twice.
_START_TIMEOUT_S = 120.0


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; return the server's exit code, or 1 when it could not start."""
    options = _parser().parse_args(arguments)
    treat_termination_as_interruption()
    try:
        with ExitStack() as stack:
            return _serve(stack, options.port, prepare=options.prepare)
    except (ToolError, ConfigurationError) as error:
        show_output(error)
        _say(str(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _serve(stack: ExitStack, port: int, *, prepare: bool) -> int:
    if ports.accepts_connections(port):
        raise CompareError(f"port {port} of 127.0.0.1 is taken; free it, or choose another with --port")
    workspace = stack.enter_context(run_directory(account=None))
    project = project_at(Path.cwd())
    environ = _environ(stack, workspace, project, port, prepare=prepare)
    process = subprocess.Popen(
        processes.bound_to_parent(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
            # gunicorn stops its workers on SIGTERM; SIGKILL would leave them running.
            death_signal=SIGTERM,
        ),
        env=dict(environ),
        cwd=project.working_directory,
        # Ctrl-C reaches the server only through this process, which stops the database after the server.
        start_new_session=True,
    )
    stack.callback(processes.stop, process)
    if ports.wait_until_listening(process, port, timeout_s=_START_TIMEOUT_S):
        sys.stderr.write(f"serving http://127.0.0.1:{port} (Ctrl-C stops it)\n")
    return process.wait()


def _environ(stack: ExitStack, workspace: Path, project: Project, port: int, *, prepare: bool) -> Mapping[str, str]:
    """Return the server's variables; start, migrate and fill a database, or only migrate the one at DATABASE_URL."""
    application = _application(project)
    variables = own_variables(project, application.environment, os.environ)
    for notice in variables.notices:
        _say(notice)
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": application.settings_module,
        "WEBAPP_RUNTIME": "local",
        "WEBAPP_DEBUG": "1",
        "WEBAPP_WORKERS": "1",
        "PORT": str(port),
        # Developers change the code while they serve it.
        "GUNICORN_CMD_ARGS": "--reload --access-logfile -",
    }
    server: EmbeddedPostgres | None = None
    if not environ.get("DATABASE_URL"):
        server = stack.enter_context(EmbeddedPostgres())
        create_database(server, _DATABASE)
        environ["DATABASE_URL"] = server.application_url(_DATABASE)
        environ["WEBAPP_MEDIA_ROOT"] = str(workspace / "media")
        environ.setdefault("WEBAPP_STATIC_ROOT", str(workspace / "static"))
        sys.stderr.write(
            "started an embedded PostgreSQL, reached without TLS; its data is deleted at the end (DATABASE_URL keeps "
            "it)\n"
        )
    environ |= variables.environ(environ["DATABASE_URL"])
    if server is None or not prepare:
        application = replace(application, prepare=())
    place = project.working_directory
    settings, notices = check_project_databases(
        environ,
        log=workspace / "settings.log",
        directory=project.directory,
        start=partial(start_python, directory=place),
        given=application.environment,
    )
    if server is not None:
        notices += create_named_objects(server, _DATABASE, settings, parse_database_url(environ["DATABASE_URL"]))
    changes = development_variables(settings, os.environ)
    for notice in (*notices, *changes.notices):
        _say(notice)
    environ |= changes.variables
    start = partial(start_command, directory=place)
    prepare_application(application, environ, log=workspace / "prepare.log", start=start)
    return environ


def _application(project: Project) -> Application:
    """Return the application of the project's workload; without a workload, one with only the project's settings."""
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not settings_module:
        raise CompareError(NO_SETTINGS)
    if project.workload is None:
        return Application(settings_module=settings_module, python_path=None, prepare=())
    application = load_workload(project.workload, settings_module=settings_module).application
    # The workload may name other settings, which are for comparisons.
    return replace(application, settings_module=settings_module)


def _say(text: str) -> None:
    sys.stderr.write(f"webapp serve: {text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp serve",
        description="Serve the project at http://127.0.0.1:PORT under the runtime local with DEBUG on, and reload it "
        "when its code changes. The database is an embedded PostgreSQL, which is migrated and then filled by `prepare` "
        "of the project's workload, or the PostgreSQL at DATABASE_URL, which is only migrated. This machine's names "
        "are allowed hosts, redirects to HTTPS are off, and a missing secret key is replaced by a new one.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of 127.0.0.1 (default: 8000)")
    parser.add_argument(
        "--no-prepare",
        dest="prepare",
        action="store_false",
        help="do not fill the embedded database after `migrate`",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
