import asyncio
import io
import time

import aiohttp
import pytest
import uvloop

from django_runtimes.compare.emulator.invocation import RESPONSE_LIMIT_BYTES
from django_runtimes.compare.emulator.runtime_api import RuntimeApi, RuntimeFailure, RuntimeInvocation


class OneInvocation:
    """An environment that runs the invocation "first", and records the calls."""

    def __init__(self):
        self.calls = []

    async def next_invocation(self):
        return RuntimeInvocation("first", b'{"n": 1}', 1795411990250, "arn:aws:lambda:::function:f", "Root=1-a-b")

    def respond(self, request_id, payload):
        self.calls.append(("response", request_id, payload))
        return request_id == "first"

    def fail(self, request_id, failure):
        self.calls.append(("error", request_id, failure))
        return request_id == "first"

    def fail_init(self, failure):
        self.calls.append(("init error", failure))

    def register_extension(self):
        self.calls.append(("extension",))


@pytest.fixture
def environment():
    return OneInvocation()


@pytest.fixture
async def call(environment):
    api = RuntimeApi(environment)
    await api.serve()
    async with aiohttp.ClientSession() as session:

        async def send(method, path, body=b"", *, prefix="/2018-06-01/runtime"):
            url = f"http://{api.address}{prefix}{path}"
            async with session.request(method, url, data=io.BytesIO(body)) as response:
                return response.status, response.headers, await response.json()

        yield send
    await api.close()


async def test_next_returns_the_event_and_its_headers(call):
    status, headers, event = await call("GET", "/invocation/next")

    assert (status, event) == (200, {"n": 1})
    assert headers["Content-Type"].startswith("application/json")
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "first"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1795411990250"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:aws:lambda:::function:f"
    assert headers["Lambda-Runtime-Trace-Id"] == "Root=1-a-b"


async def test_a_response_is_accepted(call, environment):
    status, _, answer = await call("POST", "/invocation/first/response", b"done")

    assert (status, answer) == (202, {"status": "OK"})
    assert environment.calls == [("response", "first", b"done")]


async def test_an_error_is_accepted_with_its_type_and_message(call, environment):
    body = b'{"errorType": "ValueError", "errorMessage": "no such entry", "stackTrace": []}'
    status, _, _ = await call("POST", "/invocation/first/error", body)

    assert status == 202
    assert environment.calls == [("error", "first", RuntimeFailure("ValueError", "no such entry"))]


async def test_an_undocumented_form_of_init_error_is_accepted(call, environment):
    status, _, _ = await call("POST", "/init/error", b"something else")

    assert status == 202
    assert environment.calls == [("init error", RuntimeFailure("Runtime.Unknown", "something else"))]


@pytest.mark.parametrize("kind", ["response", "error"])
async def test_an_unknown_request_id_is_refused_as_on_lambda(call, kind):
    status, _, answer = await call("POST", f"/invocation/another/{kind}", b"{}")

    assert status == 400
    assert answer == {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}


async def test_a_response_above_the_limit_is_refused(call, environment):
    status, _, answer = await call("POST", "/invocation/first/response", b"x" * (RESPONSE_LIMIT_BYTES + 1))

    assert status == 413
    assert answer == {
        "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "RequestEntityTooLarge",
    }
    assert [(kind, failure.error_type) for kind, _, failure in environment.calls] == [
        ("error", "Function.ResponseSizeTooLarge")
    ]


async def test_an_extension_without_events_is_registered(call, environment):
    status, headers, _ = await call("POST", "/register", b'{"events": []}', prefix="/2020-01-01/extension")

    assert (status, environment.calls) == (200, [("extension",)])
    assert len(headers["Lambda-Extension-Identifier"]) == 36


@pytest.mark.parametrize("body", [b'{"events": ["INVOKE"]}', b"{}", b"not JSON"])
async def test_other_extensions_are_refused(call, environment, body):
    status, _, answer = await call("POST", "/register", body, prefix="/2020-01-01/extension")

    assert (status, environment.calls) == (400, [])
    assert answer["errorType"] == "Extension.InvalidEvents"


async def test_an_unknown_path_is_not_found(call):
    status, _, answer = await call("GET", "/restore/next")

    assert status == 404
    assert answer["errorType"] == "InvalidPath"


def test_closing_on_a_busy_event_loop_logs_no_error(environment, caplog):
    async def close_during_a_poll():
        api = RuntimeApi(environment)
        await api.serve()
        host, port = api.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: runtime\r\n\r\n")
        await asyncio.sleep(0.2)
        closing = asyncio.ensure_future(api.close())
        # The loop is busy for longer than the limit, from the moment at which the limit begins.
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, time.sleep, 0.1)
        await closing
        writer.close()
        return await reader.read()

    # Only uvloop runs due timers before waiting callbacks.
    assert uvloop.run(close_during_a_poll()) == b""
    assert caplog.messages == []
