"""`webapp serve`: the application on this machine, with a PostgreSQL of its own."""

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

from django_runtimes.cli import processes
from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.project.project import NO_SETTINGS, Project, project_at
from django_runtimes.cli.project.settings_check import start_python
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.codebase.own_variables import own_variables
from django_runtimes.compare.codebase.preparation import check_project_databases, prepare_application, start_command
from django_runtimes.compare.compare_error import CompareError, show_output
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Application
from django_runtimes.config.configuration_error import ConfigurationError

_DATABASE = "project"
# A large project takes its time to be imported, on a busy machine twice.
_START_TIMEOUT_S = 120.0


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; the exit code is the server's, or 1 when it could not start."""
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
    if processes.accepts_connections(port):
        raise CompareError(f"port {port} of 127.0.0.1 is taken; end what listens there or choose another with --port")
    workspace = stack.enter_context(run_directory(account=None))
    project = project_at(Path.cwd())
    environ = _environ(stack, workspace, project, port, prepare=prepare)
    process = subprocess.Popen(
        processes.bound_to_parent(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
            # gunicorn ends its workers then; killed, it would leave them behind.
            death_signal=SIGTERM,
        ),
        env=dict(environ),
        cwd=project.working_directory,
        # Ctrl-C reaches the server through us alone, after which the database may go.
        start_new_session=True,
    )
    stack.callback(processes.stop, process)
    if processes.wait_until_listening(process, port, timeout_s=_START_TIMEOUT_S):
        sys.stderr.write(f"serving http://127.0.0.1:{port} (Ctrl-C ends it)\n")
    return process.wait()


def _environ(stack: ExitStack, workspace: Path, project: Project, port: int, *, prepare: bool) -> Mapping[str, str]:
    """The server's variables; starts, migrates and fills a database unless DATABASE_URL names one to migrate."""
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
        # Whoever serves from a checkout is likely to change the code.
        "GUNICORN_CMD_ARGS": "--reload --access-logfile -",
    }
    own_server = not environ.get("DATABASE_URL")
    if own_server:
        server = stack.enter_context(EmbeddedPostgres())
        create_database(server, _DATABASE)
        environ["DATABASE_URL"] = server.url(_DATABASE)
        environ["WEBAPP_MEDIA_ROOT"] = str(workspace / "media")
        environ.setdefault("WEBAPP_STATIC_ROOT", str(workspace / "static"))
        sys.stderr.write("an embedded PostgreSQL is started; what is saved goes when it ends (DATABASE_URL keeps it)\n")
    environ |= variables.environ(environ["DATABASE_URL"])
    if not (own_server and prepare):
        application = replace(application, prepare=())
    place = project.working_directory
    for notice in check_project_databases(
        environ,
        log=workspace / "settings.log",
        directory=project.directory,
        start=partial(start_python, directory=place),
    ):
        _say(notice)
    start = partial(start_command, directory=place)
    prepare_application(application, environ, log=workspace / "prepare.log", start=start)
    return environ


def _application(project: Project) -> Application:
    """What the project's workload says of it; of one without a workload nothing but its settings."""
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not settings_module:
        raise CompareError(NO_SETTINGS)
    if project.workload is None:
        return Application(settings_module=settings_module, python_path=None, prepare=())
    application = load_workload(project.workload, settings_module=settings_module).application
    # A workload may compare with others.
    return replace(application, settings_module=settings_module)


def _say(text: str) -> None:
    sys.stderr.write(f"webapp serve: {text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp serve",
        description="Serve the project at http://127.0.0.1:PORT under the runtime local with DEBUG on, and load it "
        "again when its code changes. It is migrated on an embedded PostgreSQL, filled by `prepare` of the workload "
        "where the project has one; or on the PostgreSQL at DATABASE_URL, which is migrated and not filled.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of 127.0.0.1 (default: 8000)")
    parser.add_argument(
        "--no-prepare",
        dest="prepare",
        action="store_false",
        help="leave the embedded database as `migrate` makes it",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
