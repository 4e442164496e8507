"""Runs management commands in the operations function on Lambda."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code

# Lambda's longest timeout, and additional time for the answer.
_LONGEST_S = 15 * 60
_ANSWER_S = 20
_BUSY_PAUSE_S = 5.0
# AWS returns these errors while it prepares a function's network or a new image.
_NOT_READY_CODES = {"ResourceConflictException", "CodeArtifactUserPendingException"}


@dataclass(frozen=True)
class CommandOutcome:
    """The result of a command; `output` is its standard output and error, interleaved as written."""

    exit_code: int
    output: str


def run_in_function(
    aws: Aws, progress: Progress, function_name: str, command: Sequence[str], *, given: str = ""
) -> CommandOutcome:
    """Run a command and wait for its end; raise ToolError if the function did not run it.

    The function runs one command at a time, so this first waits for a running one, for at most Lambda's longest
    timeout. `given` is the command's standard input, which nothing logs.
    """
    client = aws.patient_client("lambda", read_timeout_s=_LONGEST_S + _ANSWER_S)
    payload = json.dumps({"command": list(command), **({"input": given} if given else {})})
    deadline = time.monotonic() + _LONGEST_S
    told = False
    progress.say(f"  {command[0]} runs in {function_name}")
    with progress.waiting(f"{command[0]} …"):
        while True:
            try:
                answer = client.invoke(FunctionName=function_name, Payload=payload)
                return _read(function_name, answer)
            except ClientError as error:
                busy = error_code(error) == "TooManyRequestsException"
                if not (busy or error_code(error) in _NOT_READY_CODES) or time.monotonic() > deadline:
                    raise
            if not told:
                told = True
                progress.say(
                    "  another command is running; waiting for it" if busy else "  the function is not ready yet"
                )
            time.sleep(_BUSY_PAUSE_S)


def _read(function_name: str, answer: dict[str, Any]) -> CommandOutcome:
    text = answer["Payload"].read()
    try:
        content = json.loads(text)
    except ValueError:
        content = {"errorMessage": text.decode(errors="replace")}
    if "FunctionError" in answer or "exit_code" not in content:
        reason = " ".join(str(content.get("errorMessage", content)).split())
        raise ToolError(
            f"the function {function_name} did not run the command: {reason}; `webapp logs --of operations` shows more"
        )
    return CommandOutcome(int(content["exit_code"]), str(content["output"]))
