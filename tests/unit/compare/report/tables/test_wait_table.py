from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import TargetResult
from django_runtimes.compare.report.tables.wait_table import wait_table


def reasons(run, **changes: object) -> list[str]:
    pooled = next(target for target in run.targets if target.name == "aws_ecs/pool/direct")
    changed: TargetResult = replace(pooled, **changes)
    return [note for note in wait_table(replace(run, targets=(changed,))).notes if note.startswith("No p99")]


def connections(run, **changes: object) -> object:
    pooled = next(target for target in run.targets if target.name == "aws_ecs/pool/direct")
    return replace(pooled.connections, p99_wait_ms=None, **changes)


def test_a_known_p99_needs_no_reason(run):
    assert reasons(run) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scenarios": ()}, "there was no steady load"),
        ({"strategy": "per_request"}, "it opens its connections itself, and waits for none"),
        (
            {"strategy": "per_request", "route": "proxy"},
            "PgBouncer counts only the number and the sum of the waits",
        ),
        ({"strategy": "per_request", "route": "proxy", "label": "deployed"}, "only the proxy knows its waits"),
        ({}, "a p99 needs 1,000 waits"),
    ],
)
def test_a_missing_p99_has_a_reason(run, changes: dict[str, object], reason: str):
    found = reasons(run, connections=connections(run, waits=999), **changes)

    assert found == [f"No p99 for aws_ecs/pool/direct: {reason}."]


def test_a_process_of_an_earlier_version_reports_no_waits(run):
    found = reasons(run, connections=connections(run, waits=None))

    assert found == ["No p99 for aws_ecs/pool/direct: its processes reported none, as those of an earlier version."]
