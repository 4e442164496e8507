"""Zappa's events become schedules where they run a management command."""

from typing import Any

import pytest

from django_runtimes.deploy.schedules.schedule import read_schedules
from django_runtimes.deploy.zappa.scheduled_events import convert_events

COMMAND = "shop.management.commands.import_orders"
EXPRESSIONS = ["cron(0 20 ? * SUN-THU *)", "cron(0 8 ? * FRI *)"]


def test_functions_of_commands_become_schedules():
    converted = convert_events(
        [
            {"function": f"{COMMAND}.run", "expression": "rate(1 minute)"},
            {"function": f"{COMMAND}.Command.handle", "expressions": EXPRESSIONS},
            {"function": COMMAND, "name": "Night_Import", "expression": "rate(2 days)", "enabled": False},
        ],
        "dev",
    )

    assert converted.remarks == []
    assert converted.schedules == {
        "run": {"command": "import_orders", "rate": "1 minute"},
        "import-orders": {"command": "import_orders", "cron": "0 20 ? * SUN-THU *"},
        "import-orders-n2": {"command": "import_orders", "cron": "0 8 ? * FRI *"},
        "night-import": {"command": "import_orders", "rate": "2 days", "enabled": False},
    }
    assert len(read_schedules("dev", converted.schedules)) == 5


def test_any_other_function_is_listed_with_the_table_to_write():
    converted = convert_events(
        [{"function": "shop.tasks.clean_up", "expression": "cron(0 0 * * ? *)", "enabled": False}], "qa"
    )

    assert converted.schedules == {}
    assert converted.remarks == [
        "events: shop.tasks.clean_up at cron(0 0 * * ? *): write a management command that calls it, and "
        "[stages.qa.schedules.clean-up] with command = its name and cron = '0 0 * * ? *' and enabled = false"
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [{"function": "shop.on_upload", "event_source": {"arn": "arn:aws:s3:::pictures", "events": []}}],
            "events: shop.on_upload handles arn:aws:s3:::pictures: give the function a handler of your own",
        ),
        (
            [{"function": COMMAND, "expression": "at(2026-12-24T18:00:00)"}],
            "expression = 'at(2026-12-24T18:00:00)' has 1 fields, but EventBridge Scheduler has 6",
        ),
        (
            [{"function": COMMAND, "expression": "rate(1 day)", "kwargs": {"days": 7}}],
            "kwargs has no equivalent; pass what the command needs in arguments",
        ),
        ([{"function": COMMAND}], "has neither an expression nor an event_source; add one"),
        ({"function": COMMAND}, "is not a list of tables; correct it"),
        (["shop.clean"], "events: 'shop.clean' is not a table; correct it"),
    ],
)
def test_what_cannot_be_scheduled_is_listed(events: Any, expected: str):
    (remark, *_) = convert_events(events, "dev").remarks

    assert expected in remark


def test_an_event_that_is_no_table_leaves_the_others():
    converted = convert_events(["shop.clean", {"function": COMMAND, "expression": "rate(1 day)"}], "dev")

    assert list(converted.schedules) == ["import-orders"]


def test_many_expressions_of_one_function_have_different_names():
    events = [{"function": COMMAND, "expressions": [f"rate({number} days)" for number in range(2, 62)]}]

    converted = convert_events(events, "dev")

    assert len(converted.schedules) == 60
    assert len(read_schedules("dev", converted.schedules)) == 61
