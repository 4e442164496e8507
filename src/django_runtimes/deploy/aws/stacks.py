"""Describes, changes and deletes CloudFormation stacks."""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code, error_message
from django_runtimes.deploy.aws.stack_status import (
    Readiness,
    describe_event,
    failures,
    last_operation,
    readiness,
    stack_remedy,
    succeeded,
)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
# AUTO_EXPAND is for the secrets' rotation, a macro in rotation.yaml that AWS expands.
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")
# AWS's errors for a change set that became invalid when another one was executed: error codes, and parts of the
# messages of a general ValidationError.
_SUPERSEDED_CODES = {"AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus"}
_SUPERSEDED_MESSAGES = ("already exists", "does not exist", "_IN_PROGRESS state")
# The resource types whose data are lost when a change removes or replaces the resource.
_DATA_TYPES = {
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
}


@dataclass(frozen=True)
class StackState:
    """The current state of a stack; `status` is None if the stack does not exist."""

    name: str
    id: str = ""
    status: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def readiness(self) -> Readiness:
        """Which operations the status allows."""
        return readiness(self.status)

    @property
    def exists(self) -> bool:
        """Whether the stack has resources."""
        return self.readiness not in {Readiness.ABSENT, Readiness.UNCREATED}


@dataclass(frozen=True)
class ResourceChange:
    """A change of one resource; `replacement` is AWS's True, False or Conditional, or empty."""

    action: str
    resource: str
    type: str
    replacement: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether the change deletes rows, files or images."""
        return self.type in _DATA_TYPES and (self.action == "Remove" or self.replacement == "True")

    def __str__(self) -> str:
        replaced = {"True": ", replaced by a new one", "Conditional": ", perhaps replaced by a new one"}
        return f"{self.action.lower()} {self.resource} ({self.type}){replaced.get(self.replacement, '')}"


@dataclass(frozen=True)
class ChangeSet:
    """Changes that AWS has computed and not yet executed."""

    id: str
    stack: str
    changes: tuple[ResourceChange, ...]


class Stacks:
    """The stacks of one region."""

    def __init__(self, aws: Aws, progress: Progress) -> None:
        self._aws = aws
        self._client = aws.client("cloudformation")
        self._progress = progress

    def describe(self, name: str) -> StackState:
        """Return the state of the stack with this name or id."""
        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in error_message(error):
                return StackState(name)
            raise
        given = [] if readiness(found["StackStatus"]) is Readiness.UNCREATED else found.get("Parameters", [])
        return StackState(
            name=found["StackName"],
            id=found["StackId"],
            status=found["StackStatus"],
            parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in given},
            outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        )

    def settle(self, name: str) -> StackState:
        """Wait for an operation in progress, and return the stack's state; raise ToolError if the stack is stuck."""
        state = self.describe(name)
        if state.readiness is Readiness.BUSY:
            self._progress.say(f"  {name} is in {state.status}; waiting for that operation")
            self._wait(state, self._seen(state))
            state = self.describe(name)
        if state.readiness is Readiness.STUCK:
            found = failures(self._last_events(state))
            cause = f" because of {found[0]}" if found else ""
            remedy = stack_remedy(name, str(state.status), self._aws.region)
            raise ToolError(f"the stack {name} is in {state.status}{cause}; {remedy}")
        return state

    def propose(
        self, state: StackState, parameters: Mapping[str, str], *, body: str | None, tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """Return the changes that the template and parameters would make, or None if there are none.

        Without `body` the stack keeps its template, and its values of all parameters that are not in `parameters`.
        """
        given: list[dict[str, Any]] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
        if body is None:
            kept = state.parameters.keys() - parameters.keys()
            given += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
        # AWS deletes the leftover change set of a killed attempt when another change set is executed.
        moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        with _detect_concurrent_change(state.name):
            created = self._client.create_change_set(
                StackName=state.name,
                ChangeSetName=f"webapp-{moment}-{secrets.token_hex(4)}",
                ChangeSetType="CREATE" if state.readiness is Readiness.ABSENT else "UPDATE",
                Parameters=given,
                Capabilities=_CAPABILITIES,
                Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
                **({"UsePreviousTemplate": True} if body is None else {"TemplateBody": body}),
            )
            return self._wait_for_changes(created["Id"], state.name)

    def discard(self, change_set: ChangeSet) -> None:
        """Delete the change set without executing it."""
        self._client.delete_change_set(ChangeSetName=change_set.id)

    def execute(self, change_set: ChangeSet) -> StackState:
        """Execute the changes and wait for their end; raise ToolError with the first failure if there is one."""
        state = self.describe(change_set.stack)
        seen = self._seen(state)
        with _detect_concurrent_change(state.name):
            self._client.execute_change_set(ChangeSetName=change_set.id)
        self._finish(state, seen)
        return self.describe(state.id)

    def delete(self, state: StackState) -> None:
        """Wait for an operation in progress, then delete the stack and wait; raise ToolError if that fails."""
        if state.status is None:
            # Another process has deleted the stack already.
            return
        if state.readiness is Readiness.BUSY:
            self._wait(state, self._seen(state))
            if self.describe(state.id).status == "DELETE_COMPLETE":
                return
        seen = self._seen(state)
        self._client.delete_stack(StackName=state.name)
        self._finish(state, seen)

    def _finish(self, state: StackState, seen: set[str]) -> None:
        # AWS may take a moment to start, and until then the stack's status looks final.
        for pause_s in _pauses():
            if self._seen(state) - seen:
                break
            time.sleep(pause_s)
        status = self._wait(state, seen)
        if succeeded(status):
            return
        found = failures(self._last_events(state))
        first = str(found[0]) if found else "AWS gives no reason"
        more = "".join(f"; then {failure}" for failure in found[1:])
        raise ToolError(f"the stack {state.name} ended in {status}, since {first}{more}")

    def _wait(self, state: StackState, seen: set[str]) -> str:
        """Wait until no operation is in progress, report the events not in `seen`, and return the final status."""
        told: set[str] = set()
        with self._progress.waiting(f"{state.name} …"):
            for pause_s in _pauses():
                # The status is read before the events, so that none of the last events is missed.
                status = str(self.describe(state.id).status)
                for event in self._last_events(state):
                    if event["EventId"] in seen:
                        continue
                    seen.add(event["EventId"])
                    # AWS reports the start of a resource's creation twice.
                    if (text := describe_event(event)) not in told:
                        told.add(text)
                        self._progress.say(f"  {state.name}: {text}")
                if not status.endswith("_IN_PROGRESS"):
                    return status
                time.sleep(pause_s)
        raise AssertionError("the pauses never end")

    def _seen(self, state: StackState) -> set[str]:
        return {event["EventId"] for event in self._last_events(state)}

    def _wait_for_changes(self, change_set_id: str, stack: str) -> ChangeSet | None:
        for pause_s in _pauses():
            described = self._client.describe_change_set(ChangeSetName=change_set_id)
            if described["Status"] == "CREATE_COMPLETE":
                return ChangeSet(change_set_id, stack, tuple(self._changes(change_set_id)))
            if described["Status"] == "FAILED":
                break
            time.sleep(pause_s)
        self._client.delete_change_set(ChangeSetName=change_set_id)
        reason = " ".join(described.get("StatusReason", "AWS gives no reason").split())
        if any(words in reason.lower() for words in _NO_CHANGES):
            return None
        raise ToolError(f"AWS rejects this change of the stack {stack}: {reason}")

    def _changes(self, change_set_id: str) -> Iterator[ResourceChange]:
        for page in self._client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set_id):
            for each in page["Changes"]:
                resource = each["ResourceChange"]
                yield ResourceChange(
                    resource["Action"],
                    resource["LogicalResourceId"],
                    resource["ResourceType"],
                    resource.get("Replacement", ""),
                )

    def _last_events(self, state: StackState) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=state.id)
        return last_operation(event for page in pages for event in page["StackEvents"])


@contextmanager
def _detect_concurrent_change(stack: str) -> Iterator[None]:
    """Turn AWS's errors after a concurrent change of the stack into a ToolError."""
    try:
        yield
    except ClientError as error:
        is_other = error_code(error) == "ValidationError" and any(
            words in error_message(error) for words in _SUPERSEDED_MESSAGES
        )
        if is_other or error_code(error) in _SUPERSEDED_CODES:
            raise ToolError(f"somebody else changed the stack {stack} at the same time; run it again") from error
        raise


def _pauses() -> Iterator[float]:
    """Yield the pauses between polls, in seconds: short at first, since many operations end quickly."""
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
