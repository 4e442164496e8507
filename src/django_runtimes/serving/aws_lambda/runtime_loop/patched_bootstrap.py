"""Lets tools that patch awslambdaric's functions see the invocations of the library's loop."""

import sys
from collections.abc import Callable
from typing import Any

from django_runtimes.serving.aws_lambda.runtime_loop.error_report import ErrorReport
from django_runtimes.serving.aws_lambda.runtime_loop.runtime_client import NextInvocation, RuntimeClient
from django_runtimes.serving.aws_lambda.runtime_loop.runtime_logs import RuntimeLogs

_BOOTSTRAP = "awslambdaric.bootstrap"
# __main__ is the process's first module.
_MAIN = "__main__"


def offer_bootstrap() -> None:
    """Let tools find awslambdaric's `bootstrap` in `__main__`, as in a process of awslambdaric.

    It is imported when a tool asks for it: a process without such a tool starts without it.
    """
    vars(sys.modules[_MAIN])["__getattr__"] = _main_attribute


def _main_attribute(name: str) -> Any:
    if name != "bootstrap":
        raise AttributeError(f"module {_MAIN!r} has no attribute {name!r}")
    from awslambdaric import bootstrap

    return bootstrap


class PatchedBootstrap:
    """awslambdaric's own code around the handler, with the library's client of the Runtime API below it.

    A tool may replace the module's functions, or methods of the client's class, at any time.
    """

    def __init__(self, bootstrap: Any, client: RuntimeClient, logs: RuntimeLogs, address: str) -> None:
        from awslambdaric import lambda_runtime_client

        # The methods that tools wrap call this object of the module.
        lambda_runtime_client.runtime_client = _Transport(client)
        self._bootstrap = bootstrap
        self._client = bootstrap.LambdaRuntimeClient(address)
        self._logs = logs

    def handle(self, handler: Callable[[Any, Any], Any], invocation: NextInvocation) -> None:
        """Serve one invocation, and send its result."""
        self._bootstrap._GLOBAL_AWS_REQUEST_ID = invocation.request_id
        self._bootstrap._GLOBAL_TENANT_ID = invocation.tenant_id
        self._bootstrap.handle_event_request(
            self._client,
            handler,
            invocation.request_id,
            invocation.payload,
            invocation.content_type,
            invocation.client_context,
            invocation.cognito_identity,
            invocation.function_arn,
            invocation.deadline_ms,
            invocation.tenant_id,
            self._logs,
            *((invocation.invocation_id,) if invocation.invocation_id else ()),
        )

    def fail_init(self, report: ErrorReport) -> None:
        """Report that the init phase has failed."""
        self._client.post_init_error(report.fields())


class _Transport:
    """The interface of awslambdaric's compiled client, as far as its Python code calls it."""

    def __init__(self, client: RuntimeClient) -> None:
        self._client = client

    def post_invocation_result(self, request_id: str, body: bytes, content_type: str, *_: object) -> None:
        self._client.respond(body, content_type)

    def post_error(self, request_id: str, body: str, xray_cause: str, *_: object) -> None:
        import json

        self._client.fail(body.encode(), error_type=json.loads(body)["errorType"], xray_cause=xray_cause)


def patched_bootstrap(client: RuntimeClient, logs: RuntimeLogs, address: str) -> PatchedBootstrap | None:
    """Return awslambdaric's code if something has imported it; None in a process without such a tool."""
    bootstrap = sys.modules.get(_BOOTSTRAP)
    return None if bootstrap is None else PatchedBootstrap(bootstrap, client, logs, address)
