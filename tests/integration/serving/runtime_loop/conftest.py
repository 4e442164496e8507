"""Runs the loop in this process against a scripted Runtime API."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pytest

from django_runtimes.serving.aws_lambda.runtime_loop.invocation_loop import InvocationLoop
from tests.integration.serving.runtime_loop.scripted_api import ScriptedApi


class Ended(NamedTuple):
    """How the loop ended, and what it sent."""

    exit_code: object
    requests: list[bytes]
    connections: list[int]
    host: bytes


@pytest.fixture
def run_loop(monkeypatch) -> Iterator[Callable[..., Ended]]:
    """Run the loop with a handler until the script ends."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(logging.Formatter, "converter", logging.Formatter.converter)
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)

    def run(script: Sequence[bytes], handler_name: str = "json.dumps", handler: object = None) -> Ended:
        if handler is not None:
            module = type(sys)("handler_of_this_test")
            module.handler = handler
            monkeypatch.setitem(sys.modules, module.__name__, module)
            handler_name = f"{module.__name__}.handler"
        api = ScriptedApi(script)
        try:
            with pytest.raises(SystemExit) as ended:
                InvocationLoop(api.address).run(handler_name)
        finally:
            api.close()
        return Ended(ended.value.code, api.requests, api.connections, api.address.encode())

    yield run
    os.environ.pop("_X_AMZN_TRACE_ID", None)
