"""The image that a rollback or a failed deploy returns to."""

from datetime import UTC, datetime

import pytest

from django_runtimes.deploy.aws.history import Release, last_good, previous_image


def releases(*steps: str) -> list[Release]:
    """Return a release for each step, which is a verb and an image, such as "deploy a"."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return [Release(step.split()[1], step.split()[0], moment, "") for step in steps]


@pytest.mark.parametrize(
    ("steps", "running", "expected"),
    [
        (["deploy a", "deploy b"], "b", "a"),
        (["deploy a"], "a", None),
        ([], "a", None),
        # The running image never passed its smoke test.
        (["deploy a", "deploy b"], "c", "b"),
        # A rollback that was killed before it was recorded is completed.
        (["deploy a", "deploy b", "deploy c"], "b", "b"),
        # A second rollback goes further back instead of returning to the newer image.
        (["deploy a", "deploy b", "deploy c", "rollback b"], "b", "a"),
        (["deploy a", "deploy b", "rollback a"], "a", None),
        # An image that is deployed again becomes the newest.
        (["deploy a", "deploy b", "deploy a"], "a", "b"),
    ],
)
def test_a_rollback_returns_to_the_previous_image(steps: list[str], running: str, expected: str | None):
    assert previous_image(releases(*steps), running) == expected


@pytest.mark.parametrize(
    ("steps", "failed", "expected"),
    [
        (["deploy a"], "b", "a"),
        ([], "b", None),
        (["deploy a", "deploy b", "rollback a"], "b", "a"),
        # The same image failed with other parameters, which an older image would not fix.
        (["deploy a", "deploy b"], "b", None),
    ],
)
def test_a_failed_deploy_returns_to_the_newest_release(steps: list[str], failed: str, expected: str | None):
    assert last_good(releases(*steps), failed) == expected


def test_a_releases_digest_comes_from_its_image():
    assert Release("registry/guestbook@sha256:12", "deploy", datetime(2026, 1, 1, tzinfo=UTC), "").digest == "sha256:12"
