"""The library's loop and awslambdaric's write the same log."""

import json
import re

import pytest

from django_runtimes.compare.emulator.invocation import FunctionFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator

pytestmark = pytest.mark.profile_free

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
_REQUEST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def logged(function, **variables: str) -> list[str]:
    """Return the lines of a failed invocation, with fixed times and request ids."""
    talking = function("talking.handler")
    talking.environ.update(variables)
    async with LambdaEmulator(talking) as emulator:
        with pytest.raises(FunctionFailed, match="LookupError: no entry 7"):
            await emulator.invoke(b"7")
        [log] = emulator.logs
        text = log.read_bytes().decode()
    return _REQUEST.sub("<request>", _MOMENT.sub("<moment>", text)).splitlines()


@pytest.mark.parametrize("loop", ["own", "awslambdaric"])
async def test_a_text_log(function, loop):
    lines = await logged(function, WEBAPP_LAMBDA_LOOP=loop)

    source = function("talking.handler").environ["PYTHONPATH"] + "/talking.py"
    indent, code = "\N{NO-BREAK SPACE}", 'raise LookupError(f"no entry {event}")'
    assert lines == [
        "[WARNING]\t<moment>\t<request>\tAda is late",
        "printed",
        "[ERROR] LookupError: no entry 7",
        "Traceback (most recent call last):",
        f'{indent * 2}File "{source}", line 11, in handler',
        f"{indent * 4}{code}",
    ]


@pytest.mark.parametrize("loop", ["own", "awslambdaric"])
async def test_a_json_log(function, loop):
    lines = await logged(function, WEBAPP_LAMBDA_LOOP=loop, AWS_LAMBDA_LOG_FORMAT="JSON")

    warning, printed, error = lines
    source = function("talking.handler").environ["PYTHONPATH"] + "/talking.py"
    code = 'raise LookupError(f"no entry {event}")'
    assert json.loads(warning) == {
        "timestamp": "<moment>",
        "level": "WARNING",
        "message": "Ada is late",
        "logger": "talking",
        "requestId": "<request>",
        "minutes": 5,
    }
    assert printed == "printed"
    assert json.loads(error) == {
        "timestamp": "<moment>",
        "level": "ERROR",
        "errorMessage": "no entry 7",
        "errorType": "LookupError",
        "requestId": "<request>",
        "stackTrace": [f'  File "{source}", line 11, in handler\n    {code}\n'],
    }


@pytest.mark.parametrize("loop", ["own", "awslambdaric"])
async def test_a_log_level_drops_records_below_it(function, loop):
    lines = await logged(function, WEBAPP_LAMBDA_LOOP=loop, AWS_LAMBDA_LOG_LEVEL="ERROR")

    assert lines[0] == "printed"
