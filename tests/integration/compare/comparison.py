"""Runs `webapp compare` as a child process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_runtimes.cli.processes import bound_to_parent

APPLICATIONS = Path(__file__).parents[2] / "applications"
LAMBDA, CONTAINER = "aws_lambda/per_request/direct", "aws_ecs/pool/direct"
SHORT = ("--quick", "--rate", "20")
_LIMIT_S = 240


@contextmanager
def comparison(
    *arguments: str, source: str = "from django_runtimes.cli.main import main; main()"
) -> Iterator[subprocess.Popen[str]]:
    """Start a comparison, and kill it when the block ends."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "DATABASE_URL"))}
    with subprocess.Popen(
        bound_to_parent([sys.executable, "-c", source, "compare", *arguments], death_signal=signal.SIGTERM),
        env=environ | {"DJANGO_SETTINGS_MODULE": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            # The comparison's child processes die with it.
            process.kill()


def compare(*arguments: str, **options: str) -> tuple[int, str, str]:
    """Run a comparison to its end; return its exit code, standard output and standard error."""
    with comparison(*arguments, **options) as process:
        output, errors = process.communicate(timeout=_LIMIT_S)
    return process.returncode, output, errors
