"""`webapp serve`: the application on this machine, with a PostgreSQL of its own."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM

from django_runtimes.cli import processes
from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.errors import ToolError
from django_runtimes.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.project import NO_SETTINGS, find_project
from django_runtimes.compare.errors import CompareError
from django_runtimes.compare.run.preparation import prepare_application
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Application

_DATABASE = "project"


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; the exit code is the server's, or 1 when it could not start."""
    options = _parser().parse_args(arguments)
    treat_termination_as_interruption()
    try:
        with ExitStack() as stack:
            return _serve(stack, options.port)
    except ToolError as error:
        sys.stderr.write(f"webapp serve: {error}\n")
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _serve(stack: ExitStack, port: int) -> int:
    if processes.accepts_connections(port):
        raise CompareError(f"port {port} of 127.0.0.1 is taken; end what listens there or choose another with --port")
    workspace = stack.enter_context(run_directory(account=None))
    environ = _environ(stack, workspace, port)
    process = subprocess.Popen(
        processes.bound_to_parent(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
            # gunicorn ends its workers then; killed, it would leave them behind.
            death_signal=SIGTERM,
        ),
        env=dict(environ),
        # Ctrl-C reaches the server through us alone, after which the database may go.
        start_new_session=True,
    )
    stack.callback(processes.stop, process)
    if processes.wait_until_listening(process, port, timeout_s=30.0):
        sys.stderr.write(f"serving http://127.0.0.1:{port} (Ctrl-C ends it)\n")
    return process.wait()


def _environ(stack: ExitStack, workspace: Path, port: int) -> Mapping[str, str]:
    """The server's variables; starts and fills a database unless DATABASE_URL names one."""
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not settings_module:
        raise CompareError(NO_SETTINGS)
    environ = {
        **os.environ,
        "WEBAPP_RUNTIME": "local",
        "WEBAPP_DEBUG": "1",
        "WEBAPP_WORKERS": "1",
        "PORT": str(port),
        # Whoever serves from a checkout is likely to change the code.
        "GUNICORN_CMD_ARGS": "--reload --access-logfile -",
    }
    prepare: tuple[tuple[str, ...], ...] = ()
    if not environ.get("DATABASE_URL"):
        server = stack.enter_context(EmbeddedPostgres())
        create_database(server, _DATABASE)
        environ["DATABASE_URL"] = server.url(_DATABASE)
        environ["WEBAPP_MEDIA_ROOT"] = str(workspace / "media")
        environ.setdefault("WEBAPP_STATIC_ROOT", str(workspace / "static"))
        prepare = _sample_data()
        sys.stderr.write("an embedded PostgreSQL is started; what is saved goes when it ends (DATABASE_URL keeps it)\n")
    application = Application(settings_module=settings_module, python_path=None, prepare=prepare)
    prepare_application(application, environ, log=workspace / "prepare.log")
    return environ


def _sample_data() -> tuple[tuple[str, ...], ...]:
    """The commands by which the project's workload fills a database; none without a workload."""
    project = find_project(Path.cwd())
    if project is None or project.workload is None:
        return ()
    return load_workload(project.workload, settings_module=project.settings).application.prepare


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp serve",
        description="Serve the application at http://127.0.0.1:PORT on an embedded PostgreSQL, "
        "migrated and filled by the workload's commands.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of 127.0.0.1 (default: 8000)")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
