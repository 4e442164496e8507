"""A stack as it is kept: its document, its events, and how its template resolves."""

import secrets
import uuid
from collections.abc import Collection
from typing import Any

from tests.deploy.standin.cloudformation.resolver import Resolver
from tests.deploy.standin.cloudformation.template import Template, invalid, parse_template
from tests.deploy.standin.world import ACCOUNT, World, now

Stack = dict[str, Any]

STACK_TYPE = "AWS::CloudFormation::Stack"
_LIVING, _DELETED = "stack", "deleted stack"


def new_stack(region: str, name: str, *, status: str, parent: str | None = None) -> Stack:
    """An empty stack, which is not kept yet."""
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
    """Write a stack down; one that is deleted is found by its id alone."""
    key = f"{stack['region']}/{stack['name']}"
    if stack["status"] == "DELETE_COMPLETE":
        world.state.put(_DELETED, f"{stack['region']}/{stack['id']}", stack)
        world.state.delete(_LIVING, key)
    else:
        world.state.put(_LIVING, key, stack)


def find(world: World, region: str, name_or_id: str) -> Stack | None:
    """A stack by its name or id; by its id also one that is deleted."""
    if not name_or_id.startswith("arn:"):
        return world.state.get(_LIVING, f"{region}/{name_or_id}")
    stack = world.state.get(_LIVING, f"{region}/{name_or_id.split('/')[1]}")
    if stack is not None and stack["id"] == name_or_id:
        return stack
    return world.state.get(_DELETED, f"{region}/{name_or_id}")


def living(world: World, region: str) -> list[Stack]:
    return world.state.all(_LIVING, f"{region}/")


def deleted(world: World, region: str) -> list[Stack]:
    return world.state.all(_DELETED, f"{region}/")


def every(world: World) -> list[Stack]:
    """The living stacks of all regions."""
    return world.state.all(_LIVING)


def required(world: World, region: str, name_or_id: str) -> Stack:
    """The stack; ValidationError without one."""
    stack = find(world, region, name_or_id)
    if stack is None:
        raise invalid(f"Stack with id {name_or_id} does not exist")
    return stack


def in_progress(stack: Stack) -> bool:
    return str(stack["status"]).endswith("_IN_PROGRESS") and stack["status"] != "REVIEW_IN_PROGRESS"


def set_status(world: World, stack: Stack, status: str, reason: str | None = None) -> None:
    """Another status of the stack, with its event."""
    stack["status"], stack["reason"] = status, reason
    if status == "DELETE_COMPLETE":
        stack["deleted"] = now()
    _event(world, stack, stack["name"], stack["id"], STACK_TYPE, status, reason, None)
    keep(world, stack)


def set_resource(world: World, stack: Stack, logical_id: str, status: str, reason: str | None = None) -> None:
    """Another status of one of its resources, with its event."""
    resource = stack["resources"][logical_id]
    resource |= {"status": status, "reason": reason, "updated": now()}
    properties = resource.get("properties") if status.endswith("_IN_PROGRESS") else None
    _event(world, stack, logical_id, resource.get("physical") or "", resource["type"], status, reason, properties)
    keep(world, stack)


def note_removal(world: World, stack: Stack, former: dict[str, Any], status: str) -> None:
    """The event of a resource that another one has replaced."""
    _event(world, stack, former["logical_id"], former["physical"], former["type"], status, None, None)


def events(world: World, stack: Stack) -> list[dict[str, Any]]:
    """The newest first."""
    return list(reversed(world.state.entries(f"events of {stack['id']}")))


def template_of(stack: Stack) -> Template:
    return parse_template(stack["body"])


def resolver_of(
    world: World, stack: Stack, template: Template, values: dict[str, str], *, unknown: Collection[str] = ()
) -> Resolver:
    """How the template resolves in the stack as it now is; the resources in `unknown` count as not there yet."""

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
    """What a living stack exports under the name."""
    for stack in living(world, region):
        for output in stack["outputs"]:
            if output.get("ExportName") == name:
                return str(output["OutputValue"])
    return None


def importers(world: World, stack: Stack, names: set[str]) -> dict[str, list[str]]:
    """Of these exports those that are in use, with the stacks that use them."""
    used: dict[str, list[str]] = {}
    for other in living(world, stack["region"]):
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
