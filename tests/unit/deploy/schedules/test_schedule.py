"""Reading a stage's schedules."""

import tomllib
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS, Schedule, read_schedules


def read(text: str) -> dict[str, Schedule]:
    return {schedule.name: schedule for schedule in read_schedules("dev", tomllib.loads(text))}


def test_any_number_of_schedules_is_read():
    found = read(
        """
        [digest]
        command = "send_digest"
        arguments = ["--days", "7"]
        cron = "30 8 ? * MON-FRI *"
        timezone = "Europe/Berlin"

        [import-orders]
        command = "import_orders"
        rate = "1 hours"
        task = true
        """
    )

    assert found == {
        "clearsessions": CLEAR_SESSIONS,
        "digest": Schedule("digest", "send_digest", ("--days", "7"), "cron(30 8 ? * MON-FRI *)", "Europe/Berlin"),
        "import-orders": Schedule("import-orders", "import_orders", (), "rate(1 hour)", task=True),
    }


def test_expired_sessions_are_deleted_nightly_by_default():
    assert read("") == {"clearsessions": Schedule("clearsessions", "clearsessions", (), "cron(0 3 * * ? *)")}
    assert read("[clearsessions]\nenabled = false")["clearsessions"].enabled is False
    assert read("[clearsessions]\nrate = '6 hours'")["clearsessions"].expression == "rate(6 hours)"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"rate": "1 day"}, '[stages.dev.schedules.x] needs a management command; add command = "…"'),
        ({"command": "a b", "rate": "1 day"}, "command = 'a b' is not the name of a management command"),
        ({"command": "a"}, "needs either cron or rate; write cron = '0 3 * * ? *', or rate = '5 minutes'"),
        ({"command": "a", "cron": "0 3 * * ? *", "rate": "1 day"}, "needs either cron or rate"),
        ({"command": "a", "rate": 5}, "rate = 5 is not a string; write it in quotes"),
        ({"command": "a", "rate": "0 days"}, "rate = '0 days' is not a whole number above 0 with minutes, hours or"),
        ({"command": "a", "rate": "5 seconds"}, "rate = '5 seconds' is not a whole number above 0"),
        ({"command": "a", "rate": "1 day", "when": 1}, "has no key 'when'"),
        ({"command": "a", "rate": "1 day", "arguments": "-v"}, "arguments = '-v' is not a list of strings"),
        ({"command": "a", "rate": "1 day", "arguments": [1]}, "arguments = [1] is not a list of strings"),
        ({"command": "a", "rate": "1 day", "arguments": ["{{resolve:ssm:a}}"]}, "CloudFormation would replace"),
        ({"command": "a", "rate": "1 day", "arguments": ["x" * 8000]}, "is longer than 8000 characters; shorten it"),
        ({"command": "a", "rate": "1 day", "task": "yes"}, "task = 'yes' is neither true nor false"),
        ({"command": "a", "rate": "1 day", "timezone": "UTC"}, "has a rate, for which timezone = 'UTC' has no effect"),
        (
            {"command": "a", "cron": "0 3 * * ? *", "timezone": "Europe/Berlim"},
            "timezone = 'Europe/Berlim' is not a time zone of the IANA database; did you mean 'Europe/Berlin'?",
        ),
        (
            {"command": "a", "cron": "0 3 * * * *"},
            "cron = '0 3 * * * *' must have ? as its day of the month or as its day of the week",
        ),
        ("0 3 * * ? *", "= '0 3 * * ? *' is not a table"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(table: Any, expected: str):
    with pytest.raises(UsageError) as raised:
        read_schedules("dev", {"x": table})

    assert str(raised.value).startswith("[stages.dev.schedules.x]")
    assert expected in str(raised.value)


@pytest.mark.parametrize("name", ["Nightly", "a_b", "a--b", "a-1", "1a", "a" * 41, ""])
def test_a_name_that_is_not_unique_in_aws_is_refused(name: str):
    with pytest.raises(UsageError, match="is not a valid name"):
        read_schedules("dev", {name: {"command": "a", "rate": "1 day"}})
