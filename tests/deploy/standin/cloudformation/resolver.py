"""Resolves a template's intrinsic functions for one stack."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.deploy.intrinsic_functions import IntrinsicFunctions
from tests.deploy.standin.cloudformation.template import Template, invalid, references

# The placeholder that a change set shows for a value that is known only after execution.
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


class Resolver(IntrinsicFunctions):
    """Resolves parts of a template, given the values of its parameters and the existing resources.

    `resource` returns the (physical id, attributes) of a logical id, or None if it does not exist yet. `exported`
    returns the value of an export, or None.
    """

    def __init__(
        self,
        template: Template,
        values: Mapping[str, str],
        pseudo: Mapping[str, str],
        *,
        resource: Callable[[str], tuple[str, Mapping[str, Any]] | None],
        exported: Callable[[str], str | None],
    ) -> None:
        super().__init__(template, {**pseudo, **values})
        self._resource = resource
        self._exported = exported
        self.imports: set[str] = set()

    def present(self) -> list[str]:
        """Return the logical ids whose condition holds, in dependency order."""
        there = [name for name, declared in self._template["Resources"].items() if self.is_present(declared)]
        ordered: list[str] = []
        waiting = list(there)
        while waiting:
            free = [name for name in waiting if not self.dependencies(name) & set(waiting) - {name}]
            if not free:
                raise invalid(f"Circular dependency between resources: [{', '.join(sorted(waiting))}]")
            ordered += free
            waiting = [name for name in waiting if name not in free]
        return ordered

    def dependencies(self, logical_id: str) -> set[str]:
        """Return the logical ids that must exist before this one."""
        declared = self._template["Resources"][logical_id]
        explicit = declared.get("DependsOn", [])
        named = {explicit} if isinstance(explicit, str) else set(explicit)
        named |= set(references(self._taken_branches(declared.get("Properties") or {})))
        named |= set(references(declared.get("UpdatePolicy") or {}))
        return named & self._template["Resources"].keys()

    def properties(self, logical_id: str) -> dict[str, Any]:
        resolved: dict[str, Any] = self.resolve(self._template["Resources"][logical_id].get("Properties") or {})
        return resolved

    def outputs(self) -> list[dict[str, str]]:
        """Return the outputs as DescribeStacks lists them."""
        listed = []
        for name, declared in (self._template.get("Outputs") or {}).items():
            if not self.is_present(declared):
                continue
            output = {"OutputKey": name, "OutputValue": str(self.resolve(declared["Value"]))}
            if "Description" in declared:
                output["Description"] = declared["Description"]
            if "Export" in declared:
                output["ExportName"] = self.resolve(declared["Export"]["Name"])
            listed.append(output)
        return listed

    def _taken_branches(self, value: Any) -> Any:
        """Drop the branches of Fn::If that are not taken: they create no dependencies."""
        if isinstance(value, list):
            return [self._taken_branches(part) for part in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            return self._taken_branches(self._taken_branch(value["Fn::If"]))
        return {key: self._taken_branches(part) for key, part in value.items()}

    def _reference(self, name: str) -> Any:
        if name in self._values:
            declared = (self._template.get("Parameters") or {}).get(name, {})
            value = self._values[name]
            return value.split(",") if "List" in declared.get("Type", "") else value
        found = self._resource(name)
        return UNKNOWN if found is None else found[0]

    def _attribute(self, logical_id: str, attribute: str) -> Any:
        found = self._resource(logical_id)
        if found is None:
            return UNKNOWN
        if attribute not in found[1]:
            kind = self._template["Resources"][logical_id]["Type"]
            raise invalid(
                f"Template error: resource {logical_id} does not support attribute type {attribute} "
                f"in Fn::GetAtt ({kind})"
            )
        return found[1][attribute]

    def _import(self, name: str) -> str:
        value = self._exported(name)
        if value is None:
            raise invalid(f"No export named {name} found. Rollback requested by user.")
        self.imports.add(name)
        return value

    def _joined(self, separator: str, parts: Any) -> str:
        return UNKNOWN if parts == UNKNOWN else super()._joined(separator, parts)

    def _split(self, separator: str, text: str) -> list[str]:
        return [UNKNOWN] if UNKNOWN in text else super()._split(separator, text)

    def _select(self, index: int, parts: Any) -> Any:
        # An unknown list, or one that was split from an unknown text.
        if parts in (UNKNOWN, [UNKNOWN]):
            return UNKNOWN
        if not 0 <= index < len(parts):
            raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
        return super()._select(index, parts)

    def _unknown(self, function: str) -> Exception:
        return invalid(f"Template error: the stand-in has no {function}")
