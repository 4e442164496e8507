"""Cron expressions, by the rules of EventBridge Scheduler."""

import re

import pytest

from django_runtimes.deploy.schedules.cron_expression import cron_expression
from django_runtimes.deploy.schedules.rate_expression import rate_expression


@pytest.mark.parametrize(
    "text",
    [
        "0 3 * * ? *",
        "*/5 * * * ? *",
        "0/15 8-18 ? * MON-FRI *",
        "0,30 22-2 ? JAN,jul 2,4,6 2026-2030",
        "15 10 L * ? *",
        "15 10 15W * ? *",
        "15 10 ? * 6L 2026/2",
        "15 10 ? * FRI#5 *",
        "0 0 ? * L *",
        "0 0 1-7/2 * ? *",
    ],
)
def test_an_expression_of_eventbridge_scheduler_is_accepted(text: str):
    assert cron_expression(text) == f"cron({text})"
    assert cron_expression(f" cron({text.replace(' ', '  ')}) ") == f"cron({text})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60 3 * * ? *", "has '60' as its minutes; it accepts 0 to 59, with , - * and /"),
        ("0 24 * * ? *", "has '24' as its hours"),
        ("0 3 0 * ? *", "has '0' as its day of the month"),
        ("0 3 32W * ? *", "has '32W' as its day of the month"),
        ("0 3 * 13 ? *", "has '13' as its month; it accepts 1 to 12, or JAN to DEC"),
        ("0 3 ? * 0 *", "has '0' as its day of the week; it accepts 1 to 7, or SUN to SAT"),
        ("0 3 ? * FRI#6 *", "has 'FRI#6' as its day of the week"),
        ("0 3 * * ? 1969", "has '1969' as its year"),
        ("0 ? * * ? *", "has '?' as its hours"),
        ("0 3 1,* * ? *", "has '*' as its day of the month"),
        ("0 3 1, * ? *", "with an empty item; remove the comma"),
        ("*/0 3 * * ? *", "has '*/0' as its minutes"),
        ("5- 3 * * ? *", "has '5-' as its minutes"),
        ("0 3 ? * ? *", "must have ? as its day of the month or as its day of the week, and not as both"),
        ("0 3 1 * MON *", "must have ? as its day of the month or as its day of the week"),
        ("٣ 3 * * ? *", "has '٣' as its minutes"),
        ("", "has 0 fields, but EventBridge Scheduler has 6: minutes, hours, day of the month, month, day of the week"),
        ("0 3 * * *", "has 5 fields, but EventBridge Scheduler has 6"),
    ],
)
def test_a_broken_rule_is_named(text: str, expected: str):
    with pytest.raises(ValueError, match=re.escape(expected)):
        cron_expression(text)


@pytest.mark.parametrize(
    ("unix", "meant"),
    [
        ("0 3 * * *", "0 3 * * ? *"),
        ("0 3 1 */2 *", "0 3 1 */2 ? *"),
        ("0 3 * * 1-5", "0 3 ? * MON-FRI *"),
        ("0 3 * * 0,7", "0 3 ? * SUN,SUN *"),
        ("0 3 * * sun", "0 3 ? * sun *"),
    ],
)
def test_the_fields_of_unix_are_translated_in_the_remedy(unix: str, meant: str):
    with pytest.raises(ValueError, match=re.escape(f"; write '{meant}'")):
        cron_expression(unix)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("5 minutes", "rate(5 minutes)"),
        ("rate(1 days)", "rate(1 day)"),
        ("2 Hour", "rate(2 hours)"),
        (" rate( 10 minutes ) ", "rate(10 minutes)"),
    ],
)
def test_a_rate_is_written_as_eventbridge_scheduler_does(text: str, expression: str):
    assert rate_expression(text) == expression


@pytest.mark.parametrize("text", ["", "5", "minutes", "0 minutes", "-1 days", "1.5 hours", "5 weeks", "5minutes"])
def test_another_rate_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a whole number above 0"):
        rate_expression(text)
