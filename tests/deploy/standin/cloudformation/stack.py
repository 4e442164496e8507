"""Stores stacks: each stack's document, its events and the resolver of its template."""

import secrets
import uuid
from collections.abc import Collection
from typing import Any

from tests.deploy.standin.cloudformation.resolver import Resolver
from tests.deploy.standin.cloudformation.template import Template, invalid, parse_template
from tests.deploy.standin.world import ACCOUNT, World, now

Stack = dict[str, Any]

STACK_TYPE = "AWS::CloudFormation::Stack"
_EXISTING, _DELETED = "stack", "deleted stack"


def new_stack(region: str, name: str, *, status: str, parent: str | None = None) -> Stack:
    """Return the document of an empty stack, without storing it."""
    stack_id = f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/{uuid.uuid4()}"
    return {
        "id": stack_id,
        "name": name,
        "region": region,
        "status": status,
        "reason": None,
        "created": now(),
        "updated": None,
        "deleted": None,
        "body": None,
        "parameters": {},
        "tags": [],
        "capabilities": [],
        "outputs": [],
        "imports": [],
        "resources": {},
        "operation": None,
        "change_set": None,
        "on_failure": "ROLLBACK",
        "protected": False,
        "parent": parent,
    }


def keep(world: World, stack: Stack) -> None:
    """Store a stack; a deleted stack can be found only by its id."""
    key = f"{stack['region']}/{stack['name']}"
    if stack["status"] == "DELETE_COMPLETE":
        world.state.put(_DELETED, f"{stack['region']}/{stack['id']}", stack)
        world.state.delete(_EXISTING, key)
    else:
        world.state.put(_EXISTING, key, stack)


def find(world: World, region: str, name_or_id: str) -> Stack | None:
    """Return the stack with this name or id, or None; deleted stacks are found only by id."""
    if not name_or_id.startswith("arn:"):
        return world.state.get(_EXISTING, f"{region}/{name_or_id}")
    stack = world.state.get(_EXISTING, f"{region}/{name_or_id.split('/')[1]}")
    if stack is not None and stack["id"] == name_or_id:
        return stack
    return world.state.get(_DELETED, f"{region}/{name_or_id}")


def existing(world: World, region: str) -> list[Stack]:
    return world.state.all(_EXISTING, f"{region}/")


def deleted(world: World, region: str) -> list[Stack]:
    return world.state.all(_DELETED, f"{region}/")


def every(world: World) -> list[Stack]:
    """Return the existing stacks of all regions."""
    return world.state.all(_EXISTING)


def required(world: World, region: str, name_or_id: str) -> Stack:
    """Return the stack with this name or id; raise ValidationError if there is none."""
    stack = find(world, region, name_or_id)
    if stack is None:
        raise invalid(f"Stack with id {name_or_id} does not exist")
    return stack


def in_progress(stack: Stack) -> bool:
    return str(stack["status"]).endswith("_IN_PROGRESS") and stack["status"] != "REVIEW_IN_PROGRESS"


def set_status(world: World, stack: Stack, status: str, reason: str | None = None) -> None:
    """Set the stack's status and record the event."""
    stack["status"], stack["reason"] = status, reason
    if status == "DELETE_COMPLETE":
        stack["deleted"] = now()
    _event(world, stack, stack["name"], stack["id"], STACK_TYPE, status, reason, None)
    keep(world, stack)


def set_resource(world: World, stack: Stack, logical_id: str, status: str, reason: str | None = None) -> None:
    """Set the status of one of the stack's resources and record the event."""
    resource = stack["resources"][logical_id]
    resource |= {"status": status, "reason": reason, "updated": now()}
    properties = resource.get("properties") if status.endswith("_IN_PROGRESS") else None
    _event(world, stack, logical_id, resource.get("physical") or "", resource["type"], status, reason, properties)
    keep(world, stack)


def note_removal(world: World, stack: Stack, former: dict[str, Any], status: str) -> None:
    """Record the removal of a resource that was replaced."""
    _event(world, stack, former["logical_id"], former["physical"], former["type"], status, None, None)


def events(world: World, stack: Stack) -> list[dict[str, Any]]:
    """Return the stack's events, newest first."""
    return list(reversed(world.state.entries(f"events of {stack['id']}")))


def template_of(stack: Stack) -> Template:
    return parse_template(stack["body"])


def resolver_of(
    world: World, stack: Stack, template: Template, values: dict[str, str], *, unknown: Collection[str] = ()
) -> Resolver:
    """Return a resolver for the template in the stack's current state, without the resources in `unknown`."""

    def resource(logical_id: str) -> tuple[str, dict[str, Any]] | None:
        found = stack["resources"].get(logical_id)
        if found is None or not found.get("physical") or logical_id in unknown:
            return None
        return found["reference"], found["attributes"]

    return Resolver(
        template,
        values,
        pseudo_parameters(stack),
        resource=resource,
        exported=lambda name: export(world, stack["region"], name),
    )


def pseudo_parameters(stack: Stack) -> dict[str, str]:
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": stack["region"],
        "AWS::StackId": stack["id"],
        "AWS::StackName": stack["name"],
        "AWS::URLSuffix": "amazonaws.com",
    }


def export(world: World, region: str, name: str) -> str | None:
    """Return the value that an existing stack exports under the name, or None."""
    for stack in existing(world, region):
        for output in stack["outputs"]:
            if output.get("ExportName") == name:
                return str(output["OutputValue"])
    return None


def importers(world: World, stack: Stack, names: set[str]) -> dict[str, list[str]]:
    """Map each of the exports that other stacks import to the names of the importing stacks."""
    used: dict[str, list[str]] = {}
    for other in existing(world, stack["region"]):
        for name in names & set(other["imports"]):
            if other["id"] != stack["id"]:
                used.setdefault(name, []).append(other["name"])
    return used


def _event(
    world: World,
    stack: Stack,
    logical_id: str,
    physical_id: str,
    kind: str,
    status: str,
    reason: str | None,
    properties: dict[str, Any] | None,
) -> None:
    event = {
        "id": f"{logical_id}-{status}-{secrets.token_hex(8)}",
        "logical_id": logical_id,
        "physical_id": physical_id,
        "type": kind,
        "status": status,
        "reason": reason,
        "properties": properties,
        "time": now(),
        "token": (stack["operation"] or {}).get("token"),
    }
    world.state.append(f"events of {stack['id']}", event)
