"""Bodies and replies just below and above Lambda's limit of 6 MB."""

import base64
import json

import pytest

from django_runtimes.compare.emulator.invocation import InvocationError
from tests.faults.figures.trials import Trial
from tests.image.faults.parts.lambda_container import LambdaContainer, Reply, lambda_container
from tests.image.faults.parts.serving import HOST
from tests.integration.serving.lambda_handler.front import FRONTS, event_of

# Lambda's limits for a body in base64 and for a whole reply.
_BODY_BYTES = 6_291_456
_REPLY_BYTES = 6_291_556
_FRONTS = tuple(front for front in FRONTS if front != "lambda_at_edge")

_MULTIPART = "multipart/form-data; boundary=limit"
_HEAD = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
_TAIL = b"\r\n--limit--\r\n"


@pytest.mark.fault(23, "payload", "aws_lambda")
def test_payloads_above_lambdas_limit_never_get_a_bad_gateway(trial: Trial, image, database_url, log) -> None:
    # Only bodies and replies above a limit may be refused.
    limits = {"refused_below": 0, "accepted_above": 0, "failed": 0, "replies_refused_below": 0, "replies_lost": 0}
    with (
        trial.judged(least={"refused_above": 1, "explained": 1}, **limits),
        lambda_container(image, database_url, log) as function,
    ):
        fits = _longest_text(function)
        for number in trial.repetitions:
            front = _FRONTS[number % len(_FRONTS)]
            below, above = (_upload(function, front, _BODY_BYTES // 4 * 3 + more) for more in (0, 1))
            trial.note(
                refused_below=_status(below) != 200,
                accepted_above=_status(above) != 413,
                refused_above=_status(above) == 413,
                failed=sum(isinstance(outcome, InvocationError) for outcome in (below, above)),
            )
            exact, too_long = (_text(function, fits + more) for more in (0, 1))
            trial.note(
                replies_refused_below=_status(exact) != 200 or len(json.dumps(exact)) != _REPLY_BYTES,
                replies_lost=isinstance(too_long, InvocationError),
                explained=_status(too_long) == 500 and "larger than Lambda can send" in too_long["body"],
            )
        function.container.wait_for_log("exceeds 6291556 bytes, the limit of Lambda")


def _upload(function: LambdaContainer, front: str, length: int) -> Reply | InvocationError:
    """Send a body of `length` bytes, which base64 makes a third longer, and return the outcome."""
    body = _HEAD + b"x" * (length - len(_HEAD) - len(_TAIL)) + _TAIL
    headers = {"host": HOST, "content-type": _MULTIPART}
    return function.invoke_all([event_of(front, "POST", "/faults/echo", headers=headers, body=body)])[0]


def _text(function: LambdaContainer, length: int) -> Reply | InvocationError:
    event = event_of("http_api_v2", "GET", f"/faults/letters/{length}", headers={"host": HOST})
    return function.invoke_all([event])[0]


def _longest_text(function: LambdaContainer) -> int:
    """Return the number of letters that makes a reply of exactly Lambda's limit."""
    length = 6_000_000
    reply = _text(function, length)
    assert _status(reply) == 200, reply
    return length + _REPLY_BYTES - len(json.dumps(reply))


def _status(outcome: Reply | InvocationError) -> int:
    return 502 if isinstance(outcome, InvocationError) else outcome["statusCode"]


def test_the_bodies_have_the_intended_lengths() -> None:
    lengths = [len(base64.b64encode(b"x" * (_BODY_BYTES // 4 * 3 + more))) for more in (0, 1)]

    assert lengths == [_BODY_BYTES, _BODY_BYTES + 4]
