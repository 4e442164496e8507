"""Implements CloudFormation's change sets."""

import uuid
from typing import Any

from tests.deploy.standin.cloudformation import execution
from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.changes import changes_of, changes_outputs
from tests.deploy.standin.cloudformation.template import (
    check_capabilities,
    invalid,
    parameter_values,
    parse_template,
    read_template,
)
from tests.deploy.standin.cloudformation.template_file import fetch_template
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.registry import operation, page
from tests.deploy.standin.world import ACCOUNT, World, moment, now

_KIND = "change set"
_NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_UPDATABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
}
_PAGE = 100


@operation("cloudformation", "CreateChangeSet")
async def create_change_set(world: World, call: Call) -> dict[str, Any]:
    """Compute the changes immediately, although the first DescribeChangeSet reports them as in progress."""
    asked, region = call.parameters, call.scope.region
    stack = stacks.find(world, region, asked["StackName"])
    kind = asked.get("ChangeSetType", "UPDATE")
    is_new = stack is None
    stack = _stack_for(world, region, asked["StackName"], stack, kind)
    key = f"{stack['id']}/{asked['ChangeSetName']}"
    if world.state.get(_KIND, key) is not None:
        raise AwsError(
            "AlreadyExistsException",
            f"ChangeSet {asked['ChangeSetName']} cannot be created due to a mismatch with existing attribute Name",
        )
    body = await template_body(world, call, stack)
    template = parse_template(body)
    values = parameter_values(template, asked.get("Parameters", []), stack["parameters"] if kind == "UPDATE" else None)
    check_capabilities(template, asked.get("Capabilities", []))
    if is_new:
        stacks.set_status(world, stack, "REVIEW_IN_PROGRESS", "User Initiated")
    change_set = {
        "id": f"arn:aws:cloudformation:{region}:{ACCOUNT}:changeSet/{asked['ChangeSetName']}/{uuid.uuid4()}",
        "key": key,
        "name": asked["ChangeSetName"],
        "kind": kind,
        "stack_id": stack["id"],
        "stack_name": stack["name"],
        "region": region,
        "created": now(),
        "description": asked.get("Description"),
        "body": body,
        "parameters": values,
        "tags": asked.get("Tags", stack["tags"]),
        "capabilities": asked.get("Capabilities", []),
        "on_failure": asked.get("OnStackFailure", "ROLLBACK"),
        **_computed(world, stack, template, values, asked.get("Tags", stack["tags"])),
    }
    world.state.put(_KIND, key, change_set)
    return {"Id": change_set["id"], "StackId": stack["id"]}


@operation("cloudformation", "DescribeChangeSet")
async def describe_change_set(world: World, call: Call) -> dict[str, Any]:
    change_set = _find(world, call)
    # AWS needs a moment to compute the changes, so callers must poll.
    if not change_set.get("looked_at"):
        world.state.put(_KIND, change_set["key"], {**change_set, "looked_at": True})
        change_set |= {"status": "CREATE_IN_PROGRESS", "execution": "UNAVAILABLE", "reason": None, "changes": []}
    changes, following = page(change_set["changes"], call.parameters, _PAGE)
    described = {
        **_summary(change_set),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in change_set["parameters"].items()
        ],
        "NotificationARNs": [],
        "Capabilities": change_set["capabilities"],
        "Tags": change_set["tags"],
        "Changes": changes,
    }
    return described if following is None else {**described, "NextToken": following}


@operation("cloudformation", "ListChangeSets")
async def list_change_sets(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    return {"Summaries": [_summary(each) for each in world.state.all(_KIND, f"{stack['id']}/")]}


@operation("cloudformation", "DeleteChangeSet")
async def delete_change_set(world: World, call: Call) -> dict[str, Any]:
    try:
        change_set = _find(world, call)
    except AwsError:
        return {}
    world.state.delete(_KIND, change_set["key"])
    return {}


@operation("cloudformation", "ExecuteChangeSet")
async def execute_change_set(world: World, call: Call) -> dict[str, Any]:
    change_set = _find(world, call)
    if change_set["status"] != "CREATE_COMPLETE":
        raise AwsError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set['id']}] cannot be executed in its current status of [{change_set['status']}]",
        )
    stack = stacks.required(world, change_set["region"], change_set["stack_id"])
    if change_set["kind"] == "UPDATE":
        _check_updatable(stack)
    kept = {key: stack[key] for key in ("body", "parameters", "tags", "outputs", "imports")}
    stack |= {key: change_set[key] for key in ("body", "parameters", "tags", "capabilities", "on_failure")}
    stack["change_set"] = change_set["id"]
    for each in world.state.all(_KIND, f"{stack['id']}/"):
        world.state.delete(_KIND, each["key"])
    token = call.parameters.get("ClientRequestToken")
    if change_set["kind"] == "CREATE":
        execution.begin(world, stack, "create", token=token)
    else:
        execution.begin(world, stack, "update", token=token, before=kept)
    return {}


async def template_body(world: World, call: Call, stack: stacks.Stack | None) -> str:
    """Return the template that a call contains or refers to."""
    asked = call.parameters
    if asked.get("UsePreviousTemplate"):
        if stack is None or stack["body"] is None:
            raise invalid("UsePreviousTemplate cannot be set to true when there is no previous template")
        return str(stack["body"])
    if "TemplateBody" in asked:
        read_template(asked["TemplateBody"])
        return str(asked["TemplateBody"])
    if "TemplateURL" in asked:
        return await fetch_template(world, asked["TemplateURL"], call.scope.region)
    raise invalid("Either Template URL or Template Body must be specified.")


def _stack_for(world: World, region: str, name: str, stack: stacks.Stack | None, kind: str) -> stacks.Stack:
    if kind == "CREATE":
        if stack is None:
            return stacks.new_stack(region, name, status="REVIEW_IN_PROGRESS")
        if stack["status"] != "REVIEW_IN_PROGRESS":
            raise invalid(f"Stack [{name}] already exists and cannot be created again with the changeSet [{name}].")
        return stack
    if stack is None:
        raise invalid(f"Stack [{name}] does not exist")
    _check_updatable(stack)
    return stack


def _check_updatable(stack: stacks.Stack) -> None:
    if stack["status"] not in _UPDATABLE - {"ROLLBACK_COMPLETE"}:
        raise invalid(f"Stack:{stack['id']} is in {stack['status']} state and can not be updated.")


def _computed(
    world: World, stack: stacks.Stack, template: dict[str, Any], values: dict[str, str], tags: list[dict[str, str]]
) -> dict[str, Any]:
    try:
        changes = changes_of(world, stack, template, values)
        same = not changes and tags == stack["tags"] and not changes_outputs(world, stack, template, values)
    except AwsError as error:
        return {"status": "FAILED", "execution": "UNAVAILABLE", "reason": error.message, "changes": []}
    if same:
        return {"status": "FAILED", "execution": "UNAVAILABLE", "reason": _NO_CHANGES, "changes": []}
    return {"status": "CREATE_COMPLETE", "execution": "AVAILABLE", "reason": None, "changes": changes}


def _find(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["ChangeSetName"]
    for change_set in world.state.all(_KIND):
        if change_set["region"] != call.scope.region:
            continue
        stack = call.parameters.get("StackName", change_set["stack_name"])
        if name in {change_set["name"], change_set["id"]} and stack in {
            change_set["stack_name"],
            change_set["stack_id"],
        }:
            return change_set
    raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def _summary(change_set: dict[str, Any]) -> dict[str, Any]:
    summary = {
        "StackId": change_set["stack_id"],
        "StackName": change_set["stack_name"],
        "ChangeSetId": change_set["id"],
        "ChangeSetName": change_set["name"],
        "ExecutionStatus": change_set["execution"],
        "Status": change_set["status"],
        "CreationTime": moment(change_set["created"]),
        "IncludeNestedStacks": False,
    }
    optional = {"StatusReason": change_set["reason"], "Description": change_set["description"]}
    return summary | {key: value for key, value in optional.items() if value is not None}
