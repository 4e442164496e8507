"""Events that the operations function refuses, regardless of their sender."""

import json
from types import SimpleNamespace

import pytest

from django_runtimes.serving.aws_lambda.command_handler import CommandHandler
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.front import FRONTS, event_of, load_event

COMMAND = {"command": ["migrate", "--noinput"]}
PLENTY = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)


@pytest.fixture
def handler() -> CommandHandler:
    """Return a handler that raises FileNotFoundError if it accepts a command."""
    return CommandHandler(program=["/nowhere/program"], allowed=frozenset({"migrate", "check"}))


@pytest.mark.parametrize(
    "event", [COMMAND, COMMAND | {"schedule": "nightly-import"}, COMMAND | {"input": "hash"}, COMMAND | {"input": ""}]
)
def test_an_allowed_command_is_run(handler, event):
    with pytest.raises(FileNotFoundError):
        handler(event, PLENTY)


@pytest.mark.parametrize("schedule", ["two\nlines", "Upper", 1, None, "a" * 65])
def test_a_schedule_that_could_forge_a_log_line_is_refused(handler, schedule):
    with pytest.raises(UnknownEvent, match="the schedule is not a name of lowercase letters, digits and hyphens"):
        handler(COMMAND | {"schedule": schedule}, PLENTY)


@pytest.mark.parametrize(
    "given", [1, None, ["a"], "a\0b", "\ud800", "hunter2" * 1000], ids=lambda given: repr(given)[:9]
)
def test_an_input_that_is_not_a_short_text_is_refused_unseen(handler, given):
    with pytest.raises(UnknownEvent, match="the input is not a text of up to 4096 characters; send a short") as error:
        handler(COMMAND | {"input": given}, PLENTY)
    assert "hunter2" not in str(error.value)


def test_a_command_gets_its_input(capfd):
    echo = CommandHandler(program=["/bin/sh", "-c", "cat"], allowed=frozenset({"check"}))
    ended = CommandHandler(program=["/bin/sh", "-c", "exec <&-; exit 3"], allowed=frozenset({"check"}))

    assert echo({"command": ["check"], "input": "ünï"}, PLENTY) == {"exit_code": 0, "output": "ünï"}
    assert echo({"command": ["check"]}, PLENTY) == {"exit_code": 0, "output": ""}
    assert ended({"command": ["check"], "input": "unread"}, PLENTY)["exit_code"] == 3


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("more", [{}, COMMAND], ids=["as it is", "with the command beside"])
def test_a_request_is_refused_whatever_it_contains(handler, front, more):
    headers = {"command": json.dumps(COMMAND["command"]), "x-amz-invocation-type": "Event"}
    event = event_of(
        front, "POST", "/command", headers=headers, query={"command": ["migrate"]}, body=json.dumps(COMMAND).encode()
    )

    with pytest.raises(UnknownEvent, match="is not a command, and this function runs nothing else"):
        handler(event | more, PLENTY)


@pytest.mark.parametrize(
    "event",
    [
        load_event("queue"),
        {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": COMMAND},
        {"warm_up": True},
        COMMAND | {"body": ""},
        COMMAND | {"requestContext": {}},
        [COMMAND],
        "migrate",
        {},
        None,
    ],
    ids=repr,
)
def test_the_error_for_any_other_event_shows_the_event_to_send(handler, event):
    with pytest.raises(UnknownEvent, match=r'send \{"command": '):
        handler(event, PLENTY)


@pytest.mark.parametrize(
    "command",
    [[], "migrate", {"migrate": 1}, None, ["migrate", 1], ["migrate", None], [["migrate"]], ["migrate", "a\0b"],
     ["migrate", "\ud800"]],
    ids=repr,
)  # fmt: skip
def test_a_command_that_is_not_a_list_of_words_is_refused(handler, command):
    with pytest.raises(UnknownEvent, match="the command is not a list of words"):
        handler({"command": command}, PLENTY)


@pytest.mark.parametrize("name", ["flush", "", "MIGRATE", " migrate", "--settings=other", "migrate --noinput"])
def test_the_error_for_a_forbidden_command_lists_the_allowed_commands(handler, name):
    with pytest.raises(UnknownEvent, match=f"the command '{name}' is not allowed in this function; ") as error:
        handler({"command": [name, "--noinput"]}, PLENTY)
    assert str(error.value).endswith("choose one of: check, migrate")


def test_no_command_starts_without_enough_time_to_stop_it(handler):
    with pytest.raises(
        RuntimeError, match="migrate has 3 s left, 5 of which are for stopping it; raise the function's"
    ):
        handler(COMMAND, SimpleNamespace(get_remaining_time_in_millis=lambda: 3_000))
