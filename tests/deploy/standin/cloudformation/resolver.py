"""Resolves a template's intrinsic functions for one stack."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.deploy.standin.cloudformation.template import Template, invalid, references

# The placeholder that a change set shows for a value that is known only after execution.
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
_NO_VALUE = object()


class Resolver:
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
        self._template = template
        self._values = {**pseudo, **values}
        self._resource = resource
        self._exported = exported
        self.imports: set[str] = set()

    def present(self) -> list[str]:
        """Return the logical ids whose condition holds, in dependency order."""
        there = [name for name, declared in self._template["Resources"].items() if self._is_present(declared)]
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
            if not self._is_present(declared):
                continue
            output = {"OutputKey": name, "OutputValue": str(self.resolve(declared["Value"]))}
            if "Description" in declared:
                output["Description"] = declared["Description"]
            if "Export" in declared:
                output["ExportName"] = self.resolve(declared["Export"]["Name"])
            listed.append(output)
        return listed

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [part for part in map(self.resolve, value) if part is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        resolved = {key: self.resolve(part) for key, part in value.items()}
        return {key: part for key, part in resolved.items() if part is not _NO_VALUE}

    def _is_present(self, declared: Mapping[str, Any]) -> bool:
        return "Condition" not in declared or self._holds({"Condition": declared["Condition"]})

    def _taken_branches(self, value: Any) -> Any:
        """Drop the branches of Fn::If that are not taken: they create no dependencies."""
        if isinstance(value, list):
            return [self._taken_branches(part) for part in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self._taken_branches(yes if self._holds({"Condition": condition}) else no)
        return {key: self._taken_branches(part) for key, part in value.items()}

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref" if argument == "AWS::NoValue":
                return _NO_VALUE
            case "Ref":
                return self._reference(argument)
            case "Fn::GetAtt":
                return self._attribute(argument[0], self.resolve(argument[1]))
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self._holds({"Condition": condition}) else no)
            case "Fn::ImportValue":
                return self._import(self.resolve(argument))
            case "Fn::Sub":
                return self._substitute(argument)
            case "Fn::Join":
                separator, parts = self.resolve(argument)
                return separator.join(map(str, parts))
            case "Fn::Split":
                separator, text = self.resolve(argument)
                return [UNKNOWN] if UNKNOWN in text else text.split(separator)
            case "Fn::Select":
                index, parts = self.resolve(argument)
                if parts == [UNKNOWN]:
                    return UNKNOWN
                if not 0 <= int(index) < len(parts):
                    raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
                return parts[int(index)]
            case "Fn::FindInMap":
                table, row, column = self.resolve(argument)
                return self._template["Mappings"][table][row][column]
            case "Fn::GetAZs":
                region = self.resolve(argument) or self._values["AWS::Region"]
                return [f"{region}a", f"{region}b"]
        raise invalid(f"Template error: the stand-in has no {function}")

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

    def _substitute(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.resolve(value) for name, value in own.items()}

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in own:
                return str(own[name])
            logical_id, _, attribute = name.partition(".")
            return str(self._attribute(logical_id, attribute) if attribute else self._reference(name))

        return re.sub(r"\$\{([^}!]+)\}", value, text)

    def _holds(self, condition: Any) -> bool:
        ((function, argument),) = condition.items()
        match function:
            case "Condition":
                return self._holds(self._template["Conditions"][argument])
            case "Fn::Equals":
                left, right = self.resolve(argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(map(self._holds, argument))
            case "Fn::Or":
                return any(map(self._holds, argument))
        raise invalid(f"Template error: the stand-in has no {function} in Conditions")
