"""Which image to go back to."""

from datetime import UTC, datetime

import pytest

from django_runtimes.deploy.aws.history import Release, last_good, one_back


def releases(*steps: str) -> list[Release]:
    """Each step a verb and an image, as "deploy a"."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return [Release(step.split()[1], step.split()[0], moment, "") for step in steps]


@pytest.mark.parametrize(
    ("steps", "running", "expected"),
    [
        (["deploy a", "deploy b"], "b", "a"),
        (["deploy a"], "a", None),
        ([], "a", None),
        # What runs never passed its test.
        (["deploy a", "deploy b"], "c", "b"),
        # A rollback that was killed before it was noted is brought to its end.
        (["deploy a", "deploy b", "deploy c"], "b", "b"),
        # A second rollback goes back further, and not forth again.
        (["deploy a", "deploy b", "deploy c", "rollback b"], "b", "a"),
        (["deploy a", "deploy b", "rollback a"], "a", None),
        # What was deployed anew is there anew.
        (["deploy a", "deploy b", "deploy a"], "a", "b"),
    ],
)
def test_a_rollback_goes_one_back(steps: list[str], running: str, expected: str | None):
    assert one_back(releases(*steps), running) == expected


@pytest.mark.parametrize(
    ("steps", "failed", "expected"),
    [
        (["deploy a"], "b", "a"),
        ([], "b", None),
        (["deploy a", "deploy b", "rollback a"], "b", "a"),
        # The same image once more, with other parameters: an older one would mend nothing.
        (["deploy a", "deploy b"], "b", None),
    ],
)
def test_a_failed_deploy_returns_to_the_newest_release(steps: list[str], failed: str, expected: str | None):
    assert last_good(releases(*steps), failed) == expected


def test_a_release_knows_its_digest():
    assert Release("registry/guestbook@sha256:12", "deploy", datetime(2026, 1, 1, tzinfo=UTC), "").digest == "sha256:12"
