"""CloudFormation's statuses and events in the user's terms."""

from typing import Any

import pytest

from django_runtimes.deploy.aws.stack_status import (
    Readiness,
    StackFailure,
    describe_event,
    failures,
    last_operation,
    readiness,
    stack_remedy,
    succeeded,
)

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/guestbook-dev-lambda/1"


def event(resource: str, status: str, reason: str = "", kind: str = "AWS::Lambda::Function") -> dict[str, Any]:
    given = {"ResourceStatusReason": reason} if reason else {}
    return {
        "StackId": STACK,
        "PhysicalResourceId": STACK if kind == "AWS::CloudFormation::Stack" else resource,
        "LogicalResourceId": resource,
        "ResourceType": kind,
        "ResourceStatus": status,
        **given,
    }


def of_stack(status: str, reason: str = "") -> dict[str, Any]:
    return event("guestbook-dev-lambda", status, reason, kind="AWS::CloudFormation::Stack")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Readiness.ABSENT),
        ("REVIEW_IN_PROGRESS", Readiness.ABSENT),
        ("DELETE_COMPLETE", Readiness.ABSENT),
        ("CREATE_COMPLETE", Readiness.READY),
        ("UPDATE_ROLLBACK_COMPLETE", Readiness.READY),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Readiness.BUSY),
        ("DELETE_IN_PROGRESS", Readiness.BUSY),
        ("ROLLBACK_COMPLETE", Readiness.UNCREATED),
        ("ROLLBACK_FAILED", Readiness.STUCK),
        ("DELETE_FAILED", Readiness.STUCK),
        ("UPDATE_ROLLBACK_FAILED", Readiness.STUCK),
    ],
)
def test_each_status_has_its_readiness(status: str | None, expected: Readiness):
    assert readiness(status) is expected


def test_a_stack_that_rolled_back_did_not_succeed():
    assert succeeded("UPDATE_COMPLETE")
    assert not succeeded("UPDATE_ROLLBACK_COMPLETE")


def test_the_remedy_for_a_stuck_stack_is_a_command():
    assert stack_remedy("a", "ROLLBACK_FAILED", "eu-central-1").startswith(
        "`aws cloudformation delete-stack --stack-name a --region eu-central-1`"
    )
    assert "continue-update-rollback" in stack_remedy("a", "UPDATE_ROLLBACK_FAILED", "eu-central-1")


@pytest.mark.parametrize("status", ["DELETE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_the_remedy_never_deletes_a_stack_that_was_complete(status: str):
    assert "delete-stack" not in stack_remedy("guestbook-production-database", status, "eu-central-1")


def test_only_the_last_operation_counts():
    former = [of_stack("CREATE_COMPLETE"), event("Role", "CREATE_FAILED", "of the time before")]
    latest = [of_stack("UPDATE_IN_PROGRESS"), event("Function", "UPDATE_FAILED", "too large")]

    assert last_operation([*latest[::-1], *former]) == latest


def test_failures_come_in_order_without_their_consequences():
    events = [
        of_stack("UPDATE_IN_PROGRESS"),
        event("Function", "UPDATE_FAILED", "The image manifest is not supported"),
        event("Role", "UPDATE_FAILED", "Resource update cancelled"),
        event("Alias", "UPDATE_FAILED", "Another one"),
        of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Function]."),
        event("Function", "UPDATE_FAILED", "The image manifest is not supported"),
        of_stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Function]."),
    ]

    assert failures(events) == [
        StackFailure("Function", "AWS::Lambda::Function", "The image manifest is not supported"),
        StackFailure("Alias", "AWS::Lambda::Function", "Another one"),
    ]


def test_without_a_failed_resource_the_stacks_own_reason_is_shown():
    events = [of_stack("CREATE_IN_PROGRESS"), of_stack("CREATE_FAILED", "Export a-b is used already")]

    assert [failure.reason for failure in failures(events)] == ["Export a-b is used already"]


@pytest.mark.parametrize(
    ("beginning", "rollback"),
    [("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")],
)
def test_a_rollback_without_a_failed_resource_has_its_own_reason(beginning: str, rollback: str):
    reason = "Export guestbook-dev-database-host cannot be deleted as it is in use by guestbook-dev-lambda"
    events = [of_stack(beginning), event("Function", "UPDATE_COMPLETE"), of_stack(rollback, reason)]

    assert failures(events) == [StackFailure("guestbook-dev-lambda", "AWS::CloudFormation::Stack", reason)]


def test_the_cause_of_a_rollback_precedes_failures_during_it():
    events = [
        of_stack("UPDATE_IN_PROGRESS"),
        of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "Export a-b is in use"),
        event("Function", "UPDATE_FAILED", "The image is gone"),
        of_stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Function]."),
    ]

    assert [failure.reason for failure in failures(events)] == ["Export a-b is in use", "The image is gone"]


def test_a_rollback_caused_by_a_failed_resource_is_not_listed():
    events = [
        of_stack("CREATE_IN_PROGRESS"),
        event("Function", "CREATE_FAILED", "too large"),
        of_stack("ROLLBACK_IN_PROGRESS", "Function was too large. Rollback requested by user."),
        of_stack("ROLLBACK_FAILED"),
    ]

    assert [failure.resource for failure in failures(events)] == ["Function"]


def test_a_failed_nested_stack_is_reported_as_a_resource():
    nested = event("Rotation", "CREATE_FAILED", "Embedded stack was not created", kind="AWS::CloudFormation::Stack")
    nested["PhysicalResourceId"] = STACK + "-nested"
    events = [of_stack("CREATE_IN_PROGRESS"), event("Key", "CREATE_FAILED", "too long"), nested]

    assert [failure.resource for failure in failures(events)] == ["Key", "Rotation"]


def test_events_are_described_in_words():
    assert describe_event(event("Function", "CREATE_COMPLETE")) == "Function (AWS::Lambda::Function) was created"
    assert describe_event(event("Function", "UPDATE_FAILED", "too large")).endswith("could not be changed: too large")
    assert describe_event(event("Function", "SOMETHING_NEW")).endswith("something new")
