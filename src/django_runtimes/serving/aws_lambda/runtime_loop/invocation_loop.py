"""Runs a handler as awslambdaric does: from the import of its module to the last invocation."""

import faulthandler
import json
import os
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from importlib import import_module
from typing import Any, NoReturn

from awslambdaric.lambda_context import LambdaContext
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller, to_json

from django_runtimes.serving.aws_lambda.runtime_loop.error_report import ErrorReport
from django_runtimes.serving.aws_lambda.runtime_loop.patched_bootstrap import PatchedBootstrap, patched_bootstrap
from django_runtimes.serving.aws_lambda.runtime_loop.runtime_client import (
    NextInvocation,
    RuntimeApiError,
    RuntimeClient,
)
from django_runtimes.serving.aws_lambda.runtime_loop.runtime_logs import RuntimeLogs
from django_runtimes.serving.aws_lambda.runtime_loop.stream_outlet import STREAM_OUTLET

_TRACE_ID = "_X_AMZN_TRACE_ID"
_SNAP_START = "snap-start"
_STDERR = 2
# An event whose deadline has passed may still be answered at once.
_LEAST_TIME_S = 0.5
_EXIT_STUCK = 1
_EXIT_INIT, _EXIT_BEFORE_SNAPSHOT, _EXIT_AFTER_RESTORE = 1, 64, 65

LambdaHandler = Callable[[Any, Any], Any]


class InvocationLoop:
    """Serves one invocation after another; `address` is the Runtime API's host:port.

    `on_ready` is called before the first one is requested. With `ends_at_deadline` the process ends when an invocation
    takes longer, and the log has the traceback of each thread.
    """

    def __init__(self, address: str) -> None:
        self.on_ready: Callable[[], None] | None = None
        self.ends_at_deadline = False
        self._address = address
        self._client = RuntimeClient(address)
        self._logs = RuntimeLogs()
        self._marshaller = LambdaMarshaller()
        self._patched: PatchedBootstrap | None = None
        STREAM_OUTLET.client = self._client

    def run(self, handler_name: str) -> NoReturn:
        """Import the handler `module.attribute` and serve invocations; exit if the Runtime API ends."""
        self._logs.set_up()
        try:
            handler = self._load(handler_name)
            if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == _SNAP_START:
                self._restore()
            if self.on_ready is not None:
                self.on_ready()
            serve = self._serve_until_deadline if self.ends_at_deadline else self._serve
            while True:
                serve(handler, self._client.next_invocation())
        except RuntimeApiError as error:
            sys.exit(f"webapp: {error}")
        except (OSError, HTTPException) as error:
            sys.exit(f"webapp: the Runtime API at {self._address} does not answer: {type(error).__name__}: {error}")
        finally:
            self._client.close()

    def _load(self, name: str) -> LambdaHandler:
        try:
            return imported_handler(name)
        except FaultException as fault:
            report = ErrorReport.of_fault(fault)
        except Exception as error:
            report = ErrorReport.of(error, skipped_frames=2)
        self._logs.log_report(report)
        if patched := self._patched_bootstrap():
            patched.fail_init(report)
        else:
            self._client.fail_init(report)
        sys.exit(_EXIT_INIT)

    def _restore(self) -> None:
        """Run the hooks of `snapshot_restore_py` around the snapshot; exit if one raises."""
        from awslambdaric.lambda_runtime_hooks_runner import run_after_restore, run_before_snapshot

        try:
            run_before_snapshot()
            self._client.wait_for_restore()
        except BaseException as error:
            report = ErrorReport.of(error)
            self._logs.log_report(report)
            self._client.fail_init(report, FaultException.BEFORE_SNAPSHOT_ERROR)
            sys.exit(_EXIT_BEFORE_SNAPSHOT)
        try:
            run_after_restore()
        except BaseException as error:
            report = ErrorReport.of(error)
            self._logs.log_report(report)
            self._client.fail_restore(report, FaultException.AFTER_RESTORE_ERROR)
            sys.exit(_EXIT_AFTER_RESTORE)

    def _serve_until_deadline(self, handler: LambdaHandler, invocation: NextInvocation) -> None:
        left_s = invocation.deadline_ms / 1_000 - time.time()
        faulthandler.dump_traceback_later(max(left_s, _LEAST_TIME_S), exit=True, file=_STDERR)
        try:
            self._serve(handler, invocation)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _serve(self, handler: LambdaHandler, invocation: NextInvocation) -> None:
        self._logs.request_id, self._logs.tenant_id = invocation.request_id, invocation.tenant_id
        if invocation.trace_id is None:
            os.environ.pop(_TRACE_ID, None)
        else:
            os.environ[_TRACE_ID] = invocation.trace_id
        if patched := self._patched_bootstrap():
            patched.handle(handler, invocation)
        else:
            self._handle(handler, invocation)
        if STREAM_OUTLET.ends_process:
            # The interpreter's shutdown would wait for the thread that nothing can interrupt.
            os._exit(_EXIT_STUCK)

    def _handle(self, handler: LambdaHandler, invocation: NextInvocation) -> None:
        try:
            context = _context(invocation)
            event = self._marshaller.unmarshal_request(invocation.payload, invocation.content_type)
            result, content_type = self._marshaller.marshal_response(handler(event, context))
        except FaultException as fault:
            self._fail(ErrorReport.of_fault(fault), invocation)
        except Exception as error:
            self._fail(ErrorReport.of(error), invocation)
        else:
            self._client.respond(result if isinstance(result, bytes) else result.encode(), content_type)

    def _fail(self, report: ErrorReport, invocation: NextInvocation) -> None:
        self._logs.log_report(report)
        body = to_json(report.fields(invocation.request_id)).encode()
        self._client.fail(body, error_type=report.error_type, xray_cause=report.xray_cause())

    def _patched_bootstrap(self) -> PatchedBootstrap | None:
        if self._patched is None:
            self._patched = patched_bootstrap(self._client, self._logs, self._address)
        return self._patched


def imported_handler(name: str) -> LambdaHandler:
    """Return the handler `module.attribute`, where slashes may separate packages; raise FaultException without one."""
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        raise FaultException(FaultException.MALFORMED_HANDLER_NAME, f"Bad handler '{name}': use module.attribute")
    if module_name.partition(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise FaultException(FaultException.BUILT_IN_MODULE_CONFLICT, message)
    try:
        module = import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise FaultException(FaultException.IMPORT_MODULE_ERROR, message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise FaultException(FaultException.USER_CODE_SYNTAX_ERROR, message, [place]) from error
    try:
        handler: LambdaHandler = getattr(module, attribute)
    except AttributeError:
        message = f"Handler '{attribute}' missing on module '{module_name}'"
        raise FaultException(FaultException.HANDLER_NOT_FOUND, message) from None
    return handler


def _context(invocation: NextInvocation) -> Any:
    return LambdaContext(
        invocation.request_id,
        _parsed(invocation.client_context, "Client Context"),
        _parsed(invocation.cognito_identity, "Cognito Identity"),
        invocation.deadline_ms,
        invocation.function_arn,
        invocation.tenant_id,
    )


def _parsed(header: str | None, name: str) -> Any:
    if not header:
        return None
    try:
        return json.loads(header)
    except ValueError as error:
        message = f"Unable to parse {name} JSON: {error}"
        raise FaultException(FaultException.LAMBDA_CONTEXT_UNMARSHAL_ERROR, message) from None
