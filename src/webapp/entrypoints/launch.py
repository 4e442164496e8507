"""Becomes the process that the runtime needs: awslambdaric on Lambda, the server in a container."""

import gc
import importlib
import os
import signal
import sys
from typing import NoReturn

from webapp.config.environment import Environment
from webapp.config.errors import ConfigurationError
from webapp.config.operations import allowed_commands
from webapp.config.profile import choose_profile
from webapp.config.runtime import Runtime, detect_runtime

_WEB_HANDLER = "webapp.entrypoints.aws_lambda.handler"
_OPERATIONS_HANDLER = "webapp.entrypoints.operations.handler"

# BSD's EX_CONFIG: something is wrong with the configuration, and starting again will not help.
_EXIT_CONFIGURATION = 78

# Load balancers hold idle connections for 60 s; a server that lets go first answers some requests with a reset.
_KEEP_ALIVE_S = 75


def server_arguments(environment: Environment, *, bind_host: str, cpu_count: int) -> list[str]:
    """The arguments of gunicorn, under which uvicorn's workers serve."""
    port = environment.integer("PORT", minimum=1, maximum=65535)
    workers = environment.integer("WEBAPP_WORKERS", minimum=1) or cpu_count
    graceful_timeout_s = environment.integer("WEBAPP_GRACEFUL_TIMEOUT_S", minimum=2)
    return [
        "webapp.entrypoints.asgi:application",
        *("--worker-class", "webapp.serving.fair_worker.FairUvicornWorker"),
        *("--bind", f"{bind_host}:{port}"),
        *("--workers", str(workers)),
        *("--keep-alive", str(_KEEP_ALIVE_S)),
        *("--graceful-timeout", str(graceful_timeout_s)),
        # The heartbeat file must be on memory, or a slow disk makes gunicorn kill a healthy worker.
        *("--worker-tmp-dir", "/dev/shm"),  # noqa: S108
        # Nobody asks for it, and its file would need a writable home.
        "--no-control-socket",
        *("--max-requests", "100000", "--max-requests-jitter", "10000"),
    ]


def main(arguments: list[str]) -> None:
    """Become the runtime's process, or run one command of `webapp`'s when there are arguments.

    Exits with 78 and one line when the variables forbid it.
    """
    # The kernel sends a container's first process no signal that it has not asked for. gunicorn and the Lambda
    # handler replace this with their own.
    signal.signal(signal.SIGTERM, _end)
    if arguments:
        _run_command(arguments)
        return
    environment = Environment(os.environ)
    try:
        runtime = detect_runtime(os.environ).runtime
        if runtime is Runtime.AWS_LAMBDA:
            _become_function(environment)
        else:
            _become_server(runtime, environment)
    except ConfigurationError as error:
        sys.stderr.write(f"webapp: {error}\n")
        raise SystemExit(_EXIT_CONFIGURATION) from None


def _run_command(arguments: list[str]) -> None:
    from webapp.__main__ import main as run_command

    sys.argv = ["webapp", *arguments]
    run_command()


def _become_function(environment: Environment) -> None:
    """What `python -m awslambdaric` does, without a second start of Python (docs/decisions/0008)."""
    if allowed_commands(environment):
        # Each command loads the settings, and says in its answer what they lack.
        handler = _OPERATIONS_HANDLER
    else:
        handler = _WEB_HANDLER
        # As the handler's module does: what the init phase makes stays.
        gc.disable()
        _load_settings()
    from awslambdaric.__main__ import main as run_awslambdaric

    run_awslambdaric(["awslambdaric", handler])


def _become_server(runtime: Runtime, environment: Environment) -> None:
    from webapp.entrypoints.cpu import available_cpus

    bind_host = choose_profile(runtime, environment).bind_host
    arguments = server_arguments(
        environment, bind_host=bind_host, cpu_count=available_cpus(len(os.sched_getaffinity(0)))
    )
    if runtime is Runtime.LOCAL:
        _keep_public_key_private(bind_host, environment)
    _load_settings()
    if "--reload" in os.environ.get("GUNICORN_CMD_ARGS", "").split():
        # What has changed can be loaded anew only where the master has not loaded it.
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])  # noqa: S606  (no shell in between)
    from gunicorn.app.wsgiapp import run as run_gunicorn

    sys.argv = ["gunicorn", *arguments]
    run_gunicorn()


def _keep_public_key_private(bind_host: str, environment: Environment) -> None:
    """Under `local` the secret key's default stands in the source; beyond this machine it must not sign anything."""
    if bind_host in {"127.0.0.1", "::1", "localhost"} or environment.secret("WEBAPP_SECRET_KEY") is not None:
        return
    import secrets

    os.environ["WEBAPP_SECRET_KEY"] = secrets.token_urlsafe(50)
    sys.stderr.write(
        f"webapp: WEBAPP_SECRET_KEY is not set and {bind_host} is more than this machine: "
        "sessions last until this server ends\n"
    )


def _load_settings() -> None:
    """Here, so that what is missing is one line; and no worker, nor awslambdaric, loads them again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])


def _end(signal_number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    main(sys.argv[1:])
