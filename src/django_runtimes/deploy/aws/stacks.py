"""CloudFormation: what a stack is like, what a change would do, and doing it."""

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
    Standing,
    failures,
    in_words,
    of_last_operation,
    stack_remedy,
    standing,
    succeeded,
)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
# The second for the rotation of secrets, which AWS writes into rotation.yaml.
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
_NO_CHANGES = ("didn't contain changes", "no updates are to be performed")
# What is answered to a change set that another one, executed since, has made void; and where there is no such code,
# how the stack is said to be otherwise than it was.
_OVERTAKEN = {"AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus"}
_OTHERWISE = ("already exists", "does not exist", "_IN_PROGRESS state")
# What AWS keeps nothing of when a change removes or replaces it.
_DATA_TYPES = {
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
}


@dataclass(frozen=True)
class StackState:
    """A stack as it is; `status` is None where there is none."""

    name: str
    id: str = ""
    status: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def standing(self) -> Standing:
        """What can be done with it."""
        return standing(self.status)


@dataclass(frozen=True)
class ResourceChange:
    """What would happen to one resource; `replacement` is AWS's True, False or Conditional, or nothing."""

    action: str
    resource: str
    type: str
    replacement: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether rows, files or images would go."""
        return self.type in _DATA_TYPES and (self.action == "Remove" or self.replacement == "True")

    def __str__(self) -> str:
        replaced = {"True": ", replaced by a new one", "Conditional": ", perhaps replaced by a new one"}
        return f"{self.action.lower()} {self.resource} ({self.type}){replaced.get(self.replacement, '')}"


@dataclass(frozen=True)
class ChangeSet:
    """Changes that AWS has worked out, and waits to be told to make."""

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
        """A stack by name or id."""
        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in error_message(error):
                return StackState(name)
            raise
        return StackState(
            name=found["StackName"],
            id=found["StackId"],
            status=found["StackStatus"],
            parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])},
            outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        )

    def settle(self, name: str) -> StackState:
        """A stack, once whatever is being done to it has ended; ToolError when it cannot go on from there."""
        state = self.describe(name)
        if state.standing is Standing.MOVING:
            self._progress.say(f"  {name} is in {state.status}; waiting for that first")
            self._wait(state, self._seen(state))
            state = self.describe(name)
        if state.standing is Standing.STUCK:
            found = failures(self._last_events(state))
            cause = f" by {found[0]}" if found else ""
            remedy = stack_remedy(name, str(state.status), self._aws.region)
            raise ToolError(f"the stack {name} is in {state.status}{cause}; {remedy}")
        return state

    def propose(
        self, state: StackState, parameters: Mapping[str, str], *, body: str | None, tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """What the template and parameters would change; None when nothing.

        Without `body` the stack's own template and, for what is not in `parameters`, its own values are kept.
        """
        given: list[dict[str, Any]] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
        if body is None:
            kept = state.parameters.keys() - parameters.keys()
            given += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
        # What is left over of an attempt that was killed goes when another change is made.
        moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        with _undisturbed(state.name):
            created = self._client.create_change_set(
                StackName=state.name,
                ChangeSetName=f"webapp-{moment}-{secrets.token_hex(4)}",
                ChangeSetType="CREATE" if state.standing is Standing.ABSENT else "UPDATE",
                Parameters=given,
                Capabilities=_CAPABILITIES,
                Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
                **({"UsePreviousTemplate": True} if body is None else {"TemplateBody": body}),
            )
            return self._worked_out(created["Id"], state.name)

    def discard(self, change_set: ChangeSet) -> None:
        """Forget the changes."""
        self._client.delete_change_set(ChangeSetName=change_set.id)

    def execute(self, change_set: ChangeSet) -> StackState:
        """Make the changes and wait; ToolError with the first failure."""
        state = self.describe(change_set.stack)
        seen = self._seen(state)
        with _undisturbed(state.name):
            self._client.execute_change_set(ChangeSetName=change_set.id)
        self._finish(state, seen)
        return self.describe(state.id)

    def delete(self, state: StackState) -> None:
        """Delete a stack, once whatever is being done to it has ended, and wait; ToolError with the first failure."""
        if state.status is None:
            # Another deletion of it has ended since.
            return
        if state.standing is Standing.MOVING:
            self._wait(state, self._seen(state))
            if self.describe(state.id).status == "DELETE_COMPLETE":
                return
        seen = self._seen(state)
        self._client.delete_stack(StackName=state.name)
        self._finish(state, seen)

    def _finish(self, state: StackState, seen: set[str]) -> None:
        # AWS may take a moment to begin, and until then the stack looks as if it had ended.
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
        """Wait until nothing moves any more, telling the events that are not `seen`; the status it ended with."""
        told: set[str] = set()
        with self._progress.waiting(f"{state.name} …"):
            for pause_s in _pauses():
                # Before the events, so that none of the last is missed.
                status = str(self.describe(state.id).status)
                for event in self._last_events(state):
                    if event["EventId"] in seen:
                        continue
                    seen.add(event["EventId"])
                    # AWS tells twice that it begins with a resource.
                    if (text := in_words(event)) not in told:
                        told.add(text)
                        self._progress.say(f"  {state.name}: {text}")
                if not status.endswith("_IN_PROGRESS"):
                    return status
                time.sleep(pause_s)
        raise AssertionError("the pauses never end")

    def _seen(self, state: StackState) -> set[str]:
        return {event["EventId"] for event in self._last_events(state)}

    def _worked_out(self, change_set_id: str, stack: str) -> ChangeSet | None:
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
        raise ToolError(f"the stack {stack} cannot be changed so: {reason}")

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
        return of_last_operation(event for page in pages for event in page["StackEvents"])


@contextmanager
def _undisturbed(stack: str) -> Iterator[None]:
    """ToolError where somebody else's change of the stack came between."""
    try:
        yield
    except ClientError as error:
        is_other = error_code(error) == "ValidationError" and any(words in error_message(error) for words in _OTHERWISE)
        if is_other or error_code(error) in _OVERTAKEN:
            raise ToolError(f"somebody else changed the stack {stack} in between; run it again") from error
        raise


def _pauses() -> Iterator[float]:
    """How long to wait before looking again: short at first, since much is over at once."""
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
