"""A Lambda handler that runs the management command in an event."""

import re
import sys
import time
from collections.abc import Sequence
from typing import Any

from django_runtimes.serving.aws_lambda.command_process import GRACE_S, run_command
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent, name_event

# Time after the grace period to copy the last output and send the answer.
_ANSWER_S = 2.0
# The answer may be 6 MB, and JSON writes at most six characters for one character of output.
_KEPT_BYTES = 1_000_000
# Far below the capacity of a pipe.
_LARGEST_INPUT = 4096
# The name becomes part of a log line, so it may not contain another one.
_SCHEDULE = re.compile(r"[a-z0-9-]{0,64}")


_KEYS = {"command", "input", "schedule"}


class CommandHandler:
    """Takes `{"command": ["migrate", "--noinput"]}` and returns `{"exit_code": 0, "output": "…"}`.

    A schedule also sends its name as `schedule`, which the last line of the log repeats for the alarm. `input` is a
    short text for the command's standard input, which is not logged. `program` is the beginning of the command line;
    `allowed` are the permitted commands, each with any arguments. An event with another key is rejected. This includes
    every event of an HTTP front, whatever its client sent: there, the client's data is nested in the front's own keys.
    """

    def __init__(self, *, program: Sequence[str], allowed: frozenset[str]) -> None:
        self._program = program
        self._allowed = allowed

    def __call__(self, event: object, context: Any) -> dict[str, Any]:
        """Run the event's command; raise UnknownEvent, or RuntimeError if there is no time left to run it."""
        command, schedule, given = self._command_in(event)
        left_s = context.get_remaining_time_in_millis() / 1000
        time_limit_s = left_s - GRACE_S - _ANSWER_S
        if time_limit_s <= 0:
            raise RuntimeError(
                f"{command[0]} has {left_s:.0f} s left, {GRACE_S + _ANSWER_S:.0f} of which are for stopping it; "
                "raise the function's timeout"
            )
        began = time.monotonic()
        outcome = run_command(
            [*self._program, *command], time_limit_s=time_limit_s, kept_bytes=_KEPT_BYTES, given=given
        )
        took_s = time.monotonic() - began
        ending = f"{command[0]} ended with exit code {outcome.exit_code} after {took_s:.1f} s"
        if outcome.is_stopped:
            ending = (
                f"{command[0]} was stopped after {took_s:.1f} s, shortly before the function's timeout; "
                "run longer commands as an ECS task"
            )
        sys.stderr.write(f"webapp: {f'schedule {schedule}: ' if schedule else ''}{ending}\n")
        before = f"[{outcome.dropped_bytes} bytes before this are only in the log]\n" if outcome.dropped_bytes else ""
        after = f"\n[{ending}]\n" if outcome.is_stopped else ""
        return {"exit_code": outcome.exit_code, "output": before + outcome.output + after}

    def _command_in(self, event: object) -> tuple[list[str], str, bytes]:
        """Return the command, the name of its schedule or an empty text, and its standard input."""
        if not isinstance(event, dict) or "command" not in event or not event.keys() <= _KEYS:
            raise UnknownEvent(
                f'{name_event(event)} is not a command, and this function runs nothing else; send {{"command": '
                '["check"]}, also as the input of a schedule, and send requests to the web function'
            )
        command = event["command"]
        if not isinstance(command, list) or not command or not all(_is_word(word) for word in command):
            raise UnknownEvent(
                'the command is not a list of words; send each word by itself: {"command": ["migrate", "--plan"]}'
            )
        if command[0] not in self._allowed:
            raise UnknownEvent(
                f"the command {command[0][:80]!r} is not allowed in this function; "
                f"choose one of: {', '.join(sorted(self._allowed))}"
            )
        schedule = event.get("schedule", "")
        if not isinstance(schedule, str) or not _SCHEDULE.fullmatch(schedule):
            raise UnknownEvent("the schedule is not a name of lowercase letters, digits and hyphens; send its name")
        given = event.get("input", "")
        # The text may be a secret, so the error does not show it.
        if not _is_word(given) or len(given) > _LARGEST_INPUT:
            raise UnknownEvent(f"the input is not a text of up to {_LARGEST_INPUT} characters; send a shorter one")
        return command, schedule, given.encode()


def _is_word(word: object) -> bool:
    """Return whether the value can be an argument of a program."""
    if not isinstance(word, str) or "\0" in word:
        return False
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
