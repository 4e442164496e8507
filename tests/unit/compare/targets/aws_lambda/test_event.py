import base64
import json
from datetime import datetime
from pathlib import Path

import pytest

from django_runtimes.compare.emulator.event import HttpRequest, event_from, response_from
from django_runtimes.compare.emulator.invocation import MalformedResult

HERE = Path(__file__).parent


def names(directory):
    return sorted(path.stem for path in (HERE / directory).glob("*.json"))


def load(directory, name):
    return json.loads((HERE / directory / f"{name}.json").read_text())


def request_from(captured):
    text, encoded = captured.pop("body", ""), captured.pop("body_base64", None)
    captured["headers"] = tuple((name, value) for name, value in captured["headers"])
    captured["received_at"] = datetime.fromisoformat(captured["received_at"])
    return HttpRequest(**captured, body=base64.b64decode(encoded) if encoded else text.encode())


@pytest.mark.parametrize("name", names("events"))
def test_a_request_becomes_the_event_of_a_function_url(name):
    case = load("events", name)

    assert event_from(request_from(case["request"])) == case["event"]


@pytest.mark.parametrize("name", names("results"))
def test_a_result_becomes_the_response_of_a_function_url(name):
    case = load("results", name)

    response = response_from(json.dumps(case["result"]).encode())

    assert [list(header) for header in response.headers] == case["response"]["headers"]
    assert response.status == case["response"]["status"]
    assert response.body.decode() == case["response"]["body"]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (b"not json", "the result is not JSON"),
        (b'{"statusCode": "200"}', "statusCode='200' is not a whole number from 200 to 599"),
        (b'{"statusCode": 99}', "statusCode=99 is not a whole number from 200 to 599"),
        (b'{"statusCode": true}', "statusCode=True is not a whole number from 200 to 599"),
        (b'{"statusCode": 200, "headers": ["a"]}', "headers is not an object, or cookies is not a list"),
        (b'{"statusCode": 200, "cookies": "a=1"}', "headers is not an object, or cookies is not a list"),
        (b'{"statusCode": 200, "headers": {"a": ["1"]}}', "header a has the value ['1']"),
        (b'{"statusCode": 200, "headers": {"a": "1\\r\\nb: 2"}}', "which is not one line of text"),
        (b'{"statusCode": 200, "cookies": ["a=1\\n"]}', "header set-cookie has the value"),
        (b'{"statusCode": 200, "body": {"a": 1}}', "body is dict, not text"),
        (b'{"statusCode": 200, "body": "%", "isBase64Encoded": true}', "body is not base64"),
        (b'{"statusCode": 200, "body": "\xc3\xa9", "isBase64Encoded": true}', "body is not base64"),
    ],
)
def test_the_error_for_a_malformed_result_states_the_reason(result, reason):
    with pytest.raises(MalformedResult) as refusal:
        response_from(result)

    assert reason in str(refusal.value)
