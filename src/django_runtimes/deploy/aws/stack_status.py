"""What a stack's status and events mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """What can be done with a stack."""

    ABSENT = "absent"
    READY = "ready"
    MOVING = "moving"
    STUCK = "stuck"


# A stack that has a change set and nothing else is shown as being reviewed.
_ABSENT = {None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
_READY = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
_SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
# Of an event that tells that the stack as a whole begins something.
_BEGINNINGS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"}
# With these a stack turns back. What no resource is to blame for, as an export that another stack imports, stands here.
_TURNS = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
# What fails because something else has.
_CONSEQUENCES = ("resource creation cancelled", "resource update cancelled", "the following resource(s) failed")

# AWS's own, for a stack that is stuck. Those that are to be deleted have never been complete.
_COMMANDS = {
    "CREATE_FAILED": "delete-stack",
    "ROLLBACK_COMPLETE": "delete-stack",
    "ROLLBACK_FAILED": "delete-stack",
    "UPDATE_FAILED": "rollback-stack",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
}

_WORDS = {
    "CREATE_IN_PROGRESS": "is being created",
    "CREATE_COMPLETE": "is there",
    "CREATE_FAILED": "could not be created",
    "UPDATE_IN_PROGRESS": "is being changed",
    "UPDATE_COMPLETE": "is changed",
    "UPDATE_FAILED": "could not be changed",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "is changed; what it had before is being deleted",
    "DELETE_IN_PROGRESS": "is being deleted",
    "DELETE_COMPLETE": "is gone",
    "DELETE_FAILED": "could not be deleted",
    "DELETE_SKIPPED": "stays",
    "ROLLBACK_IN_PROGRESS": "goes back, since something failed",
    "ROLLBACK_COMPLETE": "went back",
    "UPDATE_ROLLBACK_IN_PROGRESS": "goes back, since something failed",
    "UPDATE_ROLLBACK_COMPLETE": "went back to how it was",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "went back; what is left over is being deleted",
    "UPDATE_ROLLBACK_FAILED": "could not go back",
    "ROLLBACK_FAILED": "could not go back",
}


@dataclass(frozen=True)
class StackFailure:
    """One resource that failed, and AWS's reason."""

    resource: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}): {self.reason}"


def standing(status: str | None) -> Standing:
    """What can be done with a stack of this status; None is no stack."""
    if status in _ABSENT:
        return Standing.ABSENT
    if status in _READY:
        return Standing.READY
    return Standing.MOVING if str(status).endswith("_IN_PROGRESS") else Standing.STUCK


def succeeded(status: str) -> bool:
    """Whether an operation that ended with this status did what was asked."""
    return status in _SUCCEEDED


def stack_remedy(name: str, status: str, region: str) -> str:
    """What gets a stuck stack going again; no advice to delete one that was complete once, since it may hold data."""
    if status not in _COMMANDS:
        return f"what gets it out of that may lose data: see docs/deploy.md, {status}"
    return f"`aws cloudformation {_COMMANDS[status]} --stack-name {name} --region {region}`, then run this again"


def in_words(event: Mapping[str, Any]) -> str:
    """One event as a line: resource, type, what happens to it, and AWS's reason."""
    status = event["ResourceStatus"]
    reason = event.get("ResourceStatusReason", "")
    words = _WORDS.get(status, status.lower().replace("_", " "))
    text = f"{event['LogicalResourceId']} ({event['ResourceType']}) {words}"
    return f"{text}: {reason}" if reason and status.endswith("FAILED") else text


def of_last_operation(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events of a stack's last operation, oldest first; they come newest first, as AWS gives them."""
    found: list[Mapping[str, Any]] = []
    for event in events:
        found.append(event)
        if _is_of_stack(event) and event["ResourceStatus"] in _BEGINNINGS:
            break
    return found[::-1]


def failures(events: Sequence[Mapping[str, Any]]) -> list[StackFailure]:
    """What failed, first failure first, without what failed for that alone; `events` oldest first."""
    found: list[StackFailure] = []
    for event in events:
        status, reason = event["ResourceStatus"], " ".join(event.get("ResourceStatusReason", "").split())
        if status.endswith("_FAILED"):
            reason = reason or "no reason given"
        elif status not in _TURNS:
            continue
        # The stack's own event repeats its resource's, unless it was not a resource that failed.
        is_repetition = _is_of_stack(event) and found
        if reason and not reason.lower().startswith(_CONSEQUENCES) and not is_repetition:
            found.append(StackFailure(event["LogicalResourceId"], event["ResourceType"], reason))
    return list(dict.fromkeys(found))


def _is_of_stack(event: Mapping[str, Any]) -> bool:
    """Whether it tells of the stack as a whole, and not of a resource."""
    return bool(event.get("PhysicalResourceId") == event["StackId"])
