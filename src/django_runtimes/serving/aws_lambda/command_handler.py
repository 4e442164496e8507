"""A Lambda handler that runs the management command an event names, and answers nothing else."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from django_runtimes.serving.aws_lambda.command_process import GRACE_S, run_command
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent, name_event

# Beyond the grace period: to copy the last output and to send the answer.
_ANSWER_S = 2.0
# The answer may have 6 MB, and JSON writes six characters for one at most.
_KEPT_BYTES = 1_000_000


class CommandHandler:
    """Takes `{"command": ["migrate", "--noinput"]}`, and answers `{"exit_code": 0, "output": "…"}`.

    `program` are the words before the command's own; `allowed` are the commands that may be named, each with any
    arguments. An event with any other key beside is refused, which is every event of an HTTP front, whatever its
    client sent: there the client's words are below keys that the front makes.
    """

    def __init__(self, *, program: Sequence[str], allowed: frozenset[str]) -> None:
        self._program = program
        self._allowed = allowed

    def __call__(self, event: object, context: Any) -> dict[str, Any]:
        """The answer to one event; UnknownEvent, RuntimeError where there is no time left to run anything."""
        command = self._named_by(event)
        left_s = context.get_remaining_time_in_millis() / 1000
        time_limit_s = left_s - GRACE_S - _ANSWER_S
        if time_limit_s <= 0:
            raise RuntimeError(
                f"{command[0]} has {left_s:.0f} s left, {GRACE_S + _ANSWER_S:.0f} of which are for ending it; "
                "raise the function's timeout"
            )
        began = time.monotonic()
        outcome = run_command([*self._program, *command], time_limit_s=time_limit_s, kept_bytes=_KEPT_BYTES)
        took_s = time.monotonic() - began
        ending = f"{command[0]} ended with exit code {outcome.exit_code} after {took_s:.1f} s"
        if outcome.is_stopped:
            ending = (
                f"{command[0]} was stopped after {took_s:.1f} s, when the function's time was nearly over; "
                "what takes longer runs as a task of ECS"
            )
        sys.stderr.write(f"webapp: {ending}\n")
        before = f"[{outcome.dropped_bytes} bytes before this are in the log alone]\n" if outcome.dropped_bytes else ""
        after = f"\n[{ending}]\n" if outcome.is_stopped else ""
        return {"exit_code": outcome.exit_code, "output": before + outcome.output + after}

    def _named_by(self, event: object) -> list[str]:
        if not isinstance(event, dict) or event.keys() != {"command"}:
            raise UnknownEvent(
                f'{name_event(event)} is no command, and this function runs nothing else; send {{"command": '
                '["check"]}, as the input of a schedule too, and requests to the function that serves them'
            )
        command = event["command"]
        if not isinstance(command, list) or not command or not all(_is_word(word) for word in command):
            raise UnknownEvent(
                'the command is no list of words; send each word by itself, as in {"command": ["migrate", "--plan"]}'
            )
        if command[0] not in self._allowed:
            raise UnknownEvent(
                f"the command {command[0][:80]!r} is none that this function may run; "
                f"choose one of: {', '.join(sorted(self._allowed))}"
            )
        return command


def _is_word(word: object) -> bool:
    """Whether a program can be given it."""
    if not isinstance(word, str) or "\0" in word:
        return False
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
