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
# Far longer than any comparison of the tests takes on a busy machine, so reaching it means a hang.
_LIMIT_S = 900
MAIN = "from django_runtimes.cli.main import main; main()"
# Let no limit of the applications, of a quick run or of the proxy end anything on a machine that is slow or stands
# still for some seconds.
PATIENCE = {"WEBAPP_DB_CONNECT_TIMEOUT_S": "60", "WEBAPP_DB_POOL_TIMEOUT_S": "60"}
PATIENT = f"""
from dataclasses import replace
from django_runtimes.compare.codebase import environ
from django_runtimes.compare.plan import comparison_plan
from django_runtimes.compare.services import pgbouncer

quick_plan, application_environ = comparison_plan.quick_plan, environ.application_environ
comparison_plan.quick_plan = lambda workload: replace(quick_plan(workload), limit_s=3600.0)
environ.application_environ = lambda *arguments, **options: application_environ(*arguments, **options) | {PATIENCE!r}
pgbouncer._QUERY_WAIT_S = 60
"""


@contextmanager
def comparison(*arguments: str, source: str = MAIN) -> Iterator[subprocess.Popen[str]]:
    """Start a comparison, and kill it when the block ends."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "DATABASE_URL"))}
    with subprocess.Popen(
        bound_to_parent(
            [sys.executable, "-c", f"{PATIENT}{source}", "compare", *arguments], death_signal=signal.SIGTERM
        ),
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
