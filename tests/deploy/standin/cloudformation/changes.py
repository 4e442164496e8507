"""Computes a change set's changes, resource by resource."""

from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.schemas import needs_replacement
from tests.deploy.standin.cloudformation.stack import Stack
from tests.deploy.standin.cloudformation.template import Template
from tests.deploy.standin.world import World


def changes_of(world: World, stack: Stack, template: Template, values: dict[str, str]) -> list[dict[str, Any]]:
    """Return the changes as DescribeChangeSet lists them; raise ValidationError when the template does not resolve."""
    replaced: set[str] = set()
    listed = []
    for name in stacks.resolver_of(world, stack, template, values).present():
        declared = template["Resources"][name]
        kept = stack["resources"].get(name)
        properties = stacks.resolver_of(world, stack, template, values, unknown=replaced).properties(name)
        if kept is None or not kept.get("physical"):
            replaced.add(name)
            listed.append(_change("Add", name, declared["Type"], None))
            continue
        changed = sorted(
            key for key in {*properties, *kept["properties"]} if properties.get(key) != kept["properties"].get(key)
        )
        if not changed and kept["type"] == declared["Type"]:
            continue
        replaces = kept["type"] != declared["Type"] or needs_replacement(declared["Type"], set(changed))
        if replaces:
            replaced.add(name)
        details = [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": key,
                    "RequiresRecreation": "Always" if needs_replacement(declared["Type"], {key}) else "Never",
                },
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for key in changed
        ]
        listed.append(
            _change("Modify", name, declared["Type"], kept["physical"])
            | {"Replacement": "True" if replaces else "False", "Scope": ["Properties"], "Details": details}
        )
    present = set(stacks.resolver_of(world, stack, template, values).present())
    listed += [
        _change("Remove", name, kept["type"], kept["physical"])
        for name, kept in stack["resources"].items()
        if name not in present and kept.get("physical")
    ]
    return [{"Type": "Resource", "ResourceChange": change} for change in listed]


def changes_outputs(world: World, stack: Stack, template: Template, values: dict[str, str]) -> bool:
    """Return whether any output changes; a changed output is enough to make a change set executable."""
    return stacks.resolver_of(world, stack, template, values).outputs() != stack["outputs"]


def _change(action: str, logical_id: str, kind: str, physical_id: str | None) -> dict[str, Any]:
    change: dict[str, Any] = {
        "Action": action,
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "Scope": [],
        "Details": [],
    }
    return change if physical_id is None else {**change, "PhysicalResourceId": physical_id}
