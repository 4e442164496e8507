"""Becomes the process that the runtime needs: awslambdaric on Lambda, the server in a container."""

import os
import sys

from webapp.config.environment import Environment
from webapp.config.errors import ConfigurationError
from webapp.config.profile import choose_profile
from webapp.config.runtime import Runtime, detect_runtime

_LAMBDA_HANDLER = "webapp.entrypoints.aws_lambda.handler"

# BSD's EX_CONFIG: something is wrong with the configuration, and starting again will not help.
_EXIT_CONFIGURATION = 78

# Load balancers hold idle connections for 60 s; a server that lets go first answers some requests with a reset.
_KEEP_ALIVE_S = 75


def server_command(environment: Environment, *, bind_host: str, cpu_count: int) -> list[str]:
    """The server's command line: uvicorn's workers under gunicorn."""
    port = environment.integer("PORT", minimum=1, maximum=65535)
    workers = environment.integer("WEBAPP_WORKERS", minimum=1) or cpu_count
    graceful_timeout_s = environment.integer("WEBAPP_GRACEFUL_TIMEOUT_S", minimum=2)
    return [
        *(sys.executable, "-m", "gunicorn", "webapp.entrypoints.asgi:application"),
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


def main() -> None:
    """Become the runtime's process; exit 78 with one line when the variables forbid it."""
    environment = Environment(os.environ)
    try:
        runtime = detect_runtime(os.environ).runtime
        profile = choose_profile(runtime, environment)
        if runtime is Runtime.AWS_LAMBDA:
            command = None
        else:
            cpu_count = len(os.sched_getaffinity(0))
            command = server_command(environment, bind_host=profile.bind_host, cpu_count=cpu_count)
    except ConfigurationError as error:
        sys.stderr.write(f"webapp: {error}\n")
        raise SystemExit(_EXIT_CONFIGURATION) from None
    if command is None:
        _run_lambda_client()
    else:
        os.execv(command[0], command)  # noqa: S606  (no shell between PID 1 and the server)


def _run_lambda_client() -> None:
    """What `python -m awslambdaric` does, without a second start of Python (docs/decisions/0008)."""
    from awslambdaric.__main__ import main as run_awslambdaric

    run_awslambdaric(["awslambdaric", _LAMBDA_HANDLER])


if __name__ == "__main__":
    main()
