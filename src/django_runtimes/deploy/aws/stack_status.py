"""Interprets a stack's status and events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Readiness(StrEnum):
    """Which operations a stack's status allows."""

    ABSENT = "absent"
    # Its creation was rolled back, so it has no resources, and must be deleted before it can be created.
    UNCREATED = "uncreated"
    READY = "ready"
    BUSY = "moving"
    STUCK = "stuck"


# A stack with nothing but a change set has the status REVIEW_IN_PROGRESS.
_ABSENT = {None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
_READY = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
_SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
# The statuses of a stack's own event at the start of an operation.
_START_STATUSES = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"}
# The statuses at the start of a rollback. If an operation fails although no resource did, for example because another
# stack imports an export, only the reason of this event explains it.
_ROLLBACK_STATUSES = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
# The reasons of resources that failed only because another one did.
_CONSEQUENCES = ("resource creation cancelled", "resource update cancelled", "the following resource(s) failed")

# The AWS commands that free a stuck stack; they delete only stacks that were never complete.
_COMMANDS = {
    "CREATE_FAILED": "delete-stack",
    "ROLLBACK_FAILED": "delete-stack",
    "UPDATE_FAILED": "rollback-stack",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
}

_DESCRIPTIONS = {
    "CREATE_IN_PROGRESS": "is being created",
    "CREATE_COMPLETE": "was created",
    "CREATE_FAILED": "could not be created",
    "UPDATE_IN_PROGRESS": "is being changed",
    "UPDATE_COMPLETE": "was changed",
    "UPDATE_FAILED": "could not be changed",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "was changed; replaced resources are being deleted",
    "DELETE_IN_PROGRESS": "is being deleted",
    "DELETE_COMPLETE": "was deleted",
    "DELETE_FAILED": "could not be deleted",
    "DELETE_SKIPPED": "was kept",
    "ROLLBACK_IN_PROGRESS": "is being rolled back after a failure",
    "ROLLBACK_COMPLETE": "was rolled back",
    "UPDATE_ROLLBACK_IN_PROGRESS": "is being rolled back after a failure",
    "UPDATE_ROLLBACK_COMPLETE": "was rolled back",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "was rolled back; new resources are being deleted",
    "UPDATE_ROLLBACK_FAILED": "could not be rolled back",
    "ROLLBACK_FAILED": "could not be rolled back",
}


@dataclass(frozen=True)
class StackFailure:
    """A resource that failed, and AWS's reason."""

    resource: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}): {self.reason}"


def readiness(status: str | None) -> Readiness:
    """Return which operations a status allows; None means that there is no stack."""
    if status in _ABSENT:
        return Readiness.ABSENT
    if status == "ROLLBACK_COMPLETE":
        return Readiness.UNCREATED
    if status in _READY:
        return Readiness.READY
    return Readiness.BUSY if str(status).endswith("_IN_PROGRESS") else Readiness.STUCK


def succeeded(status: str) -> bool:
    """Return whether an operation that ended with this status succeeded."""
    return status in _SUCCEEDED


def stack_remedy(name: str, status: str, region: str) -> str:
    """Return the remedy for a stuck stack; it never deletes a stack that was once complete and may hold data."""
    if status not in _COMMANDS:
        return f"a recovery may lose data: see {status} in `webapp docs deploy`"
    return f"`aws cloudformation {_COMMANDS[status]} --stack-name {name} --region {region}`, then run this again"


def describe_event(event: Mapping[str, Any]) -> str:
    """Return an event as one line: resource, type, status in words and, for a failure, AWS's reason."""
    status = event["ResourceStatus"]
    reason = event.get("ResourceStatusReason", "")
    words = _DESCRIPTIONS.get(status, status.lower().replace("_", " "))
    text = f"{event['LogicalResourceId']} ({event['ResourceType']}) {words}"
    return f"{text}: {reason}" if reason and status.endswith("FAILED") else text


def last_operation(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the events of a stack's last operation, oldest first; `events` are newest first, as AWS returns them."""
    found: list[Mapping[str, Any]] = []
    for event in events:
        found.append(event)
        if _is_of_stack(event) and event["ResourceStatus"] in _START_STATUSES:
            break
    return found[::-1]


def failures(events: Sequence[Mapping[str, Any]]) -> list[StackFailure]:
    """Return the failures in order, without those that are mere consequences; `events` are oldest first."""
    found: list[StackFailure] = []
    for event in events:
        status, reason = event["ResourceStatus"], " ".join(event.get("ResourceStatusReason", "").split())
        if status.endswith("_FAILED"):
            reason = reason or "no reason given"
        elif status not in _ROLLBACK_STATUSES:
            continue
        # The stack's own event repeats its resource's reason, unless no resource failed.
        is_repetition = _is_of_stack(event) and found
        if reason and not reason.lower().startswith(_CONSEQUENCES) and not is_repetition:
            found.append(StackFailure(event["LogicalResourceId"], event["ResourceType"], reason))
    return list(dict.fromkeys(found))


def _is_of_stack(event: Mapping[str, Any]) -> bool:
    """Return whether the event is the stack's own, not one of a resource."""
    return bool(event.get("PhysicalResourceId") == event["StackId"])
