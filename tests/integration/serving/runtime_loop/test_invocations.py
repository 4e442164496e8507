"""What the loop sends to the Runtime API, byte by byte, and what the handler sees."""

import base64
import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.integration.serving.runtime_loop.scripted_api import ACCEPTED, HANG_UP, next_answer

pytestmark = pytest.mark.profile_free


def next_request(host: bytes) -> bytes:
    return (
        b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: " + host + b"\r\nAccept-Encoding: identity\r\n\r\n"
    )


def post(host: bytes, path: bytes, headers: bytes, body: bytes) -> bytes:
    length = b"%d" % len(body)
    return (
        b"POST /2018-06-01/runtime" + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nAccept-Encoding: identity\r\n"
        b"Content-Length: " + length + b"\r\n" + headers + b"\r\n" + body
    )


def test_a_response_is_sent_as_json(run_loop):
    ended = run_loop([next_answer(b'{"n": 1}'), ACCEPTED], handler=lambda event, context: {"n": event["n"] + 1})

    headers = b"Content-Type: application/json\r\n"
    assert ended.requests == [
        next_request(ended.host),
        post(ended.host, b"/invocation/first/response", headers, b'{"n": 2}'),
    ]


def test_bytes_are_sent_unchanged(run_loop):
    ended = run_loop([next_answer(), ACCEPTED], handler=lambda event, context: b"\x00raw")

    headers = b"Content-Type: application/unknown\r\n"
    assert ended.requests[1] == post(ended.host, b"/invocation/first/response", headers, b"\x00raw")


def test_the_id_of_an_invocation_is_returned(run_loop):
    ended = run_loop([next_answer(Invocation_Id="inv-9"), ACCEPTED], handler=lambda event, context: None)

    headers = b"Content-Type: application/json\r\nLambda-Runtime-Invocation-Id: inv-9\r\n"
    assert ended.requests[1] == post(ended.host, b"/invocation/first/response", headers, b"null")


def failing(event, context):
    raise LookupError("no such\nentry")


def test_an_error_is_reported_with_its_traceback(run_loop, capsys):
    ended = run_loop([next_answer(), ACCEPTED], handler=failing)

    head, _, body = ended.requests[1].partition(b"\r\n\r\n")
    report = json.loads(body)
    assert head.startswith(b"POST /2018-06-01/runtime/invocation/first/error HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\nLambda-Runtime-Function-Error-Type: LookupError\r\n" in head
    assert (report["errorType"], report["errorMessage"], report["requestId"]) == (
        "LookupError",
        "no such\nentry",
        "first",
    )
    [frame] = report["stackTrace"]
    assert frame.startswith(f'  File "{__file__}", line ')
    cause = json.loads(head.partition(b"Lambda-Runtime-Function-XRay-Error-Cause: ")[2].partition(b"\r\n")[0])
    assert cause["working_directory"] == str(Path.cwd())
    assert [(e["type"], e["stack"][0]["label"]) for e in cause["exceptions"]] == [("LookupError", "failing")]
    assert "[ERROR] LookupError: no such\nentry\rTraceback (most recent call last):\r" in capsys.readouterr().out


def test_an_error_that_no_header_can_hold_is_reported(run_loop):
    kind = type("Ärger\r\nX-Other: 1", (Exception,), {})

    def fail(event, context):
        raise kind("näh")

    ended = run_loop([next_answer(), ACCEPTED], handler=fail)

    head, _, body = ended.requests[1].partition(b"\r\n\r\n")
    assert b"\r\nLambda-Runtime-Function-Error-Type: ?rger X-Other: 1\r\n" in head
    assert json.loads(body)["errorMessage"] == "näh"


@pytest.mark.parametrize(
    ("payload", "headers", "error_type"),
    [
        (b"{", {}, "Runtime.UnmarshalError"),
        (b"{}", {"Client_Context": "{"}, "Runtime.LambdaContextUnmarshalError"),
        (b"{}", {"Cognito_Identity": "no"}, "Runtime.LambdaContextUnmarshalError"),
    ],
)
def test_an_invalid_invocation_is_an_error_of_its_own(run_loop, payload, headers, error_type):
    ended = run_loop([next_answer(payload, **headers), ACCEPTED], handler=lambda event, context: None)

    assert json.loads(ended.requests[1].partition(b"\r\n\r\n")[2])["errorType"] == error_type


def test_an_unserializable_result_is_an_error(run_loop):
    ended = run_loop([next_answer(), ACCEPTED], handler=lambda event, context: {"when": object()})

    assert json.loads(ended.requests[1].partition(b"\r\n\r\n")[2])["errorType"] == "Runtime.MarshalError"


def test_the_context_has_awslambdarics_attributes(run_loop, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "guestbook")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    seen = {}

    def handler(event, context):
        seen.update(
            request=context.aws_request_id,
            arn=context.invoked_function_arn,
            name=context.function_name,
            memory=context.memory_limit_in_mb,
            client=context.client_context.client.app_title,
            custom=context.client_context.custom,
            identity=context.identity.cognito_identity_id,
            tenant=context.tenant_id,
            remaining_ms=context.get_remaining_time_in_millis(),
            trace=os.environ["_X_AMZN_TRACE_ID"],
        )

    answer = next_answer(
        Deadline_Ms=str(int(time.time() * 1_000) + 600_000),
        Client_Context='{"client": {"app_title": "notes"}, "custom": {"k": "v"}}',
        Cognito_Identity='{"cognitoIdentityId": "id-1"}',
        Aws_Tenant_Id="tenant-1",
        Trace_Id="Root=1-a-b;Parent=c;Sampled=1",
    )
    run_loop([answer, ACCEPTED], handler=handler)

    assert 500_000 < seen.pop("remaining_ms") <= 600_000
    assert seen == {
        "request": "first",
        "arn": "arn:f",
        "name": "guestbook",
        "memory": "512",
        "client": "notes",
        "custom": {"k": "v"},
        "identity": "id-1",
        "tenant": "tenant-1",
        "trace": "Root=1-a-b;Parent=c;Sampled=1",
    }


def test_an_invocation_without_a_trace_sees_none(run_loop):
    traces = []
    script = [next_answer(Trace_Id="Root=1-a-b"), ACCEPTED, next_answer(), ACCEPTED]
    run_loop(script, handler=lambda event, context: traces.append(os.environ.get("_X_AMZN_TRACE_ID")))

    assert traces == ["Root=1-a-b", None]


def test_a_refused_response_does_not_end_the_loop(run_loop, caplog):
    refusal = b'HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 11\r\n\r\n"too large"'
    ended = run_loop([next_answer(), refusal, next_answer(), ACCEPTED], handler=lambda event, context: 1)

    assert len(ended.requests) == 4
    assert 'the Runtime API refuses a result: 413 "too large"' in caplog.text


def test_a_lost_state_ends_the_loop(run_loop):
    lost = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nlost"
    ended = run_loop([next_answer(), lost], handler=lambda event, context: 1)

    assert ended.exit_code == "webapp: the Runtime API answers a result with 500 lost"
    assert len(ended.requests) == 2


def test_an_idle_connection_that_was_closed_is_replaced(run_loop):
    ended = run_loop(
        [next_answer(), ACCEPTED, HANG_UP, next_answer(), ACCEPTED], handler=lambda event, context: "served"
    )

    assert ended.connections == [1, 1, 1, 2, 2]
    assert ended.requests[4].endswith(b'"served"')


def test_an_api_that_is_gone_ends_the_loop_with_one_line(run_loop):
    ended = run_loop([next_answer(), ACCEPTED], handler=lambda event, context: 1)

    assert ended.exit_code.startswith(f"webapp: the Runtime API at {ended.host.decode()} does not answer: ")


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': use module.attribute"),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ("json.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'json'"),
        ("no/such.handler", "Runtime.ImportModuleError", "Unable to import module 'no/such': No module named 'no'"),
        ("malformed.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'malformed'"),
        ("raising.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_handler_that_cannot_be_loaded_fails_the_init_phase(
    run_loop, tmp_path, monkeypatch, handler, error_type, message
):
    (tmp_path / "malformed.py").write_text("def handler(:\n")
    (tmp_path / "raising.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    ended = run_loop([ACCEPTED], handler)

    [request] = ended.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert ended.exit_code == 1
    assert head.startswith(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n")
    assert b"\r\nLambda-Runtime-Function-Error-Type: " + error_type.encode() in head
    assert json.loads(body)["errorType"] == error_type
    assert json.loads(body)["errorMessage"].startswith(message)


@pytest.mark.parametrize("has_tool", [False, True])
def test_a_stream_is_sent_in_chunks(run_loop, monkeypatch, has_tool):
    if has_tool:
        from awslambdaric import bootstrap, lambda_runtime_client

        monkeypatch.setattr(lambda_runtime_client, "runtime_client", lambda_runtime_client.runtime_client)
        monkeypatch.setitem(sys.modules, "awslambdaric.bootstrap", bootstrap)
    from django_runtimes.serving.aws_lambda.runtime_loop.invocation_loop import InvocationLoop

    loops = []
    monkeypatch.setattr(InvocationLoop, "_load", lambda loop, name: loops.append(loop) or streaming)

    def streaming(event, context):
        client = loops[0]._client
        client.begin_stream()
        client.send_chunk(b'{"statusCode": 200}' + b"\0" * 8)
        client.send_chunk(memoryview(b"x" * 17))
        if event.get("fails"):
            raise ValueError("mid")

    script = [next_answer(), ACCEPTED, next_answer(b'{"fails": 1}'), ACCEPTED, next_answer(), ACCEPTED]
    ended = run_loop(script)

    head = (
        b"POST /2018-06-01/runtime/invocation/first/response HTTP/1.1\r\nHost: " + ended.host + b"\r\n"
        b"Accept-Encoding: identity\r\nContent-Type: application/vnd.awslambda.http-integration-response\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
    )
    chunks = b'1b\r\n{"statusCode": 200}\0\0\0\0\0\0\0\0\r\n11\r\nxxxxxxxxxxxxxxxxx\r\n0\r\n'
    assert ended.requests[1] == head + chunks + b"\r\n"
    # Each stream has a connection of its own.
    assert ended.connections == [1, 2, 3, 4, 5, 6]
    sent, _, trailers = ended.requests[3].partition(chunks)
    assert sent == head
    kind, body = trailers.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert kind == b"Lambda-Runtime-Function-Error-Type: ValueError"
    report = json.loads(base64.b64decode(body.removeprefix(b"Lambda-Runtime-Function-Error-Body: ")))
    assert (report["errorType"], report["errorMessage"]) == ("ValueError", "mid")


def test_a_tool_that_patches_awslambdaric_sees_each_invocation(run_loop, monkeypatch):
    from awslambdaric import bootstrap, lambda_runtime_client

    monkeypatch.setattr(lambda_runtime_client, "runtime_client", lambda_runtime_client.runtime_client)
    monkeypatch.setitem(sys.modules, "awslambdaric.bootstrap", bootstrap)
    seen = []
    handle, post_result = bootstrap.handle_event_request, bootstrap.LambdaRuntimeClient.post_invocation_result

    def handle_seen(client, handler, *fields, **named):
        seen.append("handle")
        return handle(client, lambda event, context: handler({**event, "patched": 1}, context), *fields, **named)

    def post_seen(*arguments, **named):
        seen.append("post")
        return post_result(*arguments, **named)

    monkeypatch.setattr(bootstrap, "handle_event_request", handle_seen)
    monkeypatch.setattr(bootstrap.LambdaRuntimeClient, "post_invocation_result", post_seen)

    def handler(event, context):
        if event.get("fails"):
            raise LookupError("no")
        return event

    ended = run_loop([next_answer(b'{"a": 1}'), ACCEPTED, next_answer(b'{"fails": 1}'), ACCEPTED], handler=handler)

    assert seen == ["handle", "post", "handle"]
    headers = b"Content-Type: application/json\r\n"
    assert ended.requests[1] == post(ended.host, b"/invocation/first/response", headers, b'{"a": 1, "patched": 1}')
    assert b"/invocation/first/error" in ended.requests[3]
    assert b"Lambda-Runtime-Function-Error-Type: LookupError\r\n" in ended.requests[3]
