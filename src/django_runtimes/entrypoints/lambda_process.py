"""Runs a handler in an execution environment, with the loop that WEBAPP_LAMBDA_LOOP chooses."""

import os
import sys
from types import ModuleType
from typing import NoReturn

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import LambdaLoop
from django_runtimes.config.variables.server_variables import LAMBDA_LOOP

_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API"


class LambdaProcess:
    """A process that serves one invocation at a time; create it before the settings load.

    On Managed Instances this forks the workers, and returns in each of them.

    Tools that the settings load look in `__main__` for awslambdaric's functions.
    """

    def __init__(self, environment: Environment) -> None:
        self._is_worker = False
        if os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY"):
            # Other functions start without these imports.
            from django_runtimes.entrypoints.workers.managed_workers import fork_workers

            self._is_worker = fork_workers(environment)
        self._bootstrap: ModuleType | None = None
        if environment[LAMBDA_LOOP] is LambdaLoop.OWN:
            from django_runtimes.serving.aws_lambda.runtime_loop.patched_bootstrap import offer_bootstrap

            offer_bootstrap()
            return
        from awslambdaric import bootstrap

        self._bootstrap = sys.modules["__main__"].bootstrap = bootstrap  # type: ignore[attr-defined]

    def keep_log_handlers(self) -> None:
        """Keep awslambdaric from adding its handler to those of the settings, which would write each line twice.

        Under `python -m awslambdaric` the settings load after it, and replace its handler.
        """
        if self._bootstrap is None:
            return
        # The server and the commands start without these imports.
        import logging
        import time

        if logging.getLogger().handlers:
            self._bootstrap._setup_logging = lambda *_: None  # type: ignore[attr-defined]
            # awslambdaric sets this too.
            logging.Formatter.converter = time.gmtime

    def run(self, handler: str) -> NoReturn:
        """Serve invocations with the handler `module.attribute` until the Runtime API ends."""
        if self._bootstrap is None:
            if _RUNTIME_API not in os.environ:
                raise ConfigurationError(
                    f"{_RUNTIME_API} is not set; Lambda sets it, so start this process as a function there"
                )
            from django_runtimes.serving.aws_lambda.runtime_loop.invocation_loop import InvocationLoop

            loop = InvocationLoop(os.environ[_RUNTIME_API])
            if self._is_worker:
                from django_runtimes.entrypoints.workers.worker_supervisor import report_ready

                loop.on_ready = report_ready
                # Managed Instances leave it running, and it would never serve again if it never returned.
                loop.ends_at_deadline = True
            loop.run(handler)
        if self._is_worker:
            from django_runtimes.entrypoints.workers.awslambdaric_worker import run_worker

            run_worker(handler)
        else:
            from awslambdaric.__main__ import main as run_awslambdaric

            run_awslambdaric(["awslambdaric", handler])
        raise SystemExit(0)


if __name__ == "__main__":
    LambdaProcess(Environment(os.environ)).run(sys.argv[1])
