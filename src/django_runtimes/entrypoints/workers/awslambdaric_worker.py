"""Runs awslambdaric's loop in a worker of Lambda Managed Instances."""

from typing import Any

from awslambdaric import bootstrap
from awslambdaric.lambda_config import LambdaConfigProvider
from awslambdaric.lambda_runtime_client import LambdaMultiConcurrentRuntimeClient

from django_runtimes.entrypoints.workers.worker_supervisor import report_ready


class _WorkerClient(LambdaMultiConcurrentRuntimeClient):  # type: ignore[misc]
    """awslambdaric's client, which reports to the supervisor when the handler is loaded."""

    _has_reported = False

    def wait_next_invocation(self) -> Any:
        """Wait for the next invocation."""
        if not self._has_reported:
            self._has_reported = True
            report_ready()
        return super().wait_next_invocation()


def run_worker(handler: str) -> None:
    """Serve invocations with the handler `module.attribute`, as awslambdaric does in each of its own workers."""
    configuration = LambdaConfigProvider(["awslambdaric", handler])
    client = _WorkerClient(configuration.api_address, configuration.use_thread_polling)
    bootstrap.run(configuration.handler, client)
