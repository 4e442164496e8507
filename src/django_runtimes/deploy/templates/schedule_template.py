"""Repeats the resources of the template of one schedule for each schedule of a stage."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.schedules.schedule import Schedule
from django_runtimes.deploy.templates.long_form import long_form
from django_runtimes.deploy.templates.templates import Template, names_in

# The parameters of the template that describe one schedule.
SCHEDULE_PARAMETERS = ("ScheduleName", "Command", "Expression", "Timezone", "State", "RunsIn")
# CloudFormation's limit for a template in a request.
_LARGEST_BODY_BYTES = 51_200
_REFERENCE = re.compile(r"\$\{(!?)([^}]+)\}")


def with_schedules(template: Template, schedules: Sequence[Schedule]) -> Template:
    """Return the template with the schedules in place of the parameters of one.

    Each resource that depends on a parameter of a schedule, directly or through a condition or another resource, is
    repeated under a name of its own; the others exist once. Raise UsageError if CloudFormation could not take them all.
    """
    content = long_form(template.content)
    conditions: dict[str, Any] = content.get("Conditions") or {}
    of_one = _dependent(conditions, set(SCHEDULE_PARAMETERS))
    repeated = _dependent(content["Resources"], {*SCHEDULE_PARAMETERS, *of_one})
    resources = {name: each for name, each in content["Resources"].items() if name not in repeated}
    for schedule in schedules:
        one = _OneSchedule(schedule, {name: conditions[name] for name in of_one}, repeated)
        resources |= one.resources({name: content["Resources"][name] for name in repeated})
    whole = {
        **content,
        "Parameters": {
            name: declared for name, declared in content["Parameters"].items() if name not in SCHEDULE_PARAMETERS
        },
        "Conditions": {name: condition for name, condition in conditions.items() if name not in of_one},
        "Resources": resources,
    }
    body = json.dumps({name: part for name, part in whole.items() if part}, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode()) > _LARGEST_BODY_BYTES:
        raise UsageError(
            f"the stage's {len(schedules)} schedules make a template of {len(body.encode())} bytes, above "
            f"CloudFormation's {_LARGEST_BODY_BYTES}; shorten their arguments, or let one command start several"
        )
    return Template(body, whole)


def _dependent(parts: Mapping[str, Any], names: set[str]) -> list[str]:
    """Return the parts that refer to one of the names, or to another such part, in the order of the template."""
    found: set[str] = set()
    while more := {name for name, part in parts.items() if name not in found and _mentioned(part) & (names | found)}:
        found |= more
    return [name for name in parts if name in found]


def _mentioned(part: Any) -> set[str]:
    # GetAtt in Fn::Sub has a dot.
    return {name.split(".")[0] for name in names_in(part)} | {
        found[2].split(".")[0] for text in names_in(part) for found in _REFERENCE.finditer(text)
    }


class _OneSchedule:
    """One schedule's copies of the repeated resources."""

    def __init__(self, schedule: Schedule, conditions: Mapping[str, Any], repeated: Sequence[str]) -> None:
        suffix = "".join(word.capitalize() for word in schedule.name.split("-"))
        self._ids = {name: f"{name}{suffix}" for name in repeated}
        self._values = {
            "ScheduleName": schedule.name,
            "Command": json.dumps(schedule.words, ensure_ascii=False),
            "Expression": schedule.expression,
            "Timezone": schedule.timezone,
            "State": "ENABLED" if schedule.enabled else "DISABLED",
            "RunsIn": "task" if schedule.task else "function",
        }
        self._conditions = conditions

    def resources(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """Return the copies of the resources whose conditions hold for this schedule."""
        return {
            self._ids[name]: self._resolved(self._without_condition(resource))
            for name, resource in declared.items()
            if resource.get("Condition") not in self._conditions or self._holds(resource["Condition"])
        }

    def _without_condition(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        decided = resource.get("Condition") in self._conditions
        return {key: part for key, part in resource.items() if not (decided and key == "Condition")}

    def _holds(self, name: str) -> bool:
        return self._is_true(self._conditions[name], name)

    def _is_true(self, condition: Any, name: str) -> bool:
        match condition:
            case {"Condition": str(other)} if other in self._conditions:
                return self._holds(other)
            case {"Fn::Not": [part]}:
                return not self._is_true(part, name)
            case {"Fn::And": parts}:
                return all(self._is_true(part, name) for part in parts)
            case {"Fn::Or": parts}:
                return any(self._is_true(part, name) for part in parts)
            case {"Fn::Equals": [left, right]}:
                values = self._resolved(left), self._resolved(right)
                if all(isinstance(value, str) for value in values):
                    return bool(values[0] == values[1])
        raise ToolError(
            f"the condition {name} of the template of the schedules mixes a parameter of one schedule with others; "
            "split it into two conditions"
        )

    def _resolved(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._resolved(value) for value in part]
        if not isinstance(part, dict):
            return part
        if len(part) == 1:
            ((function, argument),) = part.items()
            return self._called(function, argument)
        copy = {key: self._resolved(value) for key, value in part.items()}
        if "DependsOn" in part and "Type" in part:
            depended = part["DependsOn"]
            names = [depended] if isinstance(depended, str) else depended
            copy["DependsOn"] = [self._ids.get(name, name) for name in names]
        return copy

    def _called(self, function: str, argument: Any) -> Any:
        """Return the value of a function, or the function if only CloudFormation knows it."""
        match function, argument:
            case "Ref", str(name):
                return self._values.get(name, {"Ref": self._ids.get(name, name)})
            case "Fn::GetAtt", [str(name), *rest]:
                return {"Fn::GetAtt": [self._ids.get(name, name), *rest]}
            case "Fn::Sub", str(text):
                return self._substituted(text)
            case "Fn::If", [str(name), yes, no] if name in self._conditions:
                return self._resolved(yes if self._holds(name) else no)
        return {function: self._resolved(argument)}

    def _substituted(self, text: str) -> Any:
        """Return a text with the schedule's values, as Fn::Sub if CloudFormation has to substitute others."""
        kept = False

        def replaced(found: re.Match[str]) -> str:
            nonlocal kept
            is_literal, name = found[1], found[2]
            if not is_literal and name in self._values:
                return self._values[name].replace("${", "${!")
            kept = True
            owner, dot, attribute = name.partition(".")
            return found[0] if is_literal else f"${{{self._ids.get(owner, owner)}{dot}{attribute}}}"

        result = _REFERENCE.sub(replaced, text)
        return {"Fn::Sub": result} if kept else result.replace("${!", "${")
