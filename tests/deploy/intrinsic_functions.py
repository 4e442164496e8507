"""Evaluates CloudFormation's intrinsic functions and conditions."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

_NO_VALUE = object()


class IntrinsicFunctions(ABC):
    """Resolves parts of a template, given the values of its parameters and of the pseudo parameters.

    A subclass provides the values of resources and exports.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._template = template
        self._values = values

    @abstractmethod
    def _reference(self, name: str) -> Any:
        """Return the value of Ref."""

    @abstractmethod
    def _attribute(self, logical_id: str, attribute: str) -> Any:
        """Return the value of Fn::GetAtt."""

    @abstractmethod
    def _import(self, name: str) -> Any:
        """Return the value of Fn::ImportValue."""

    @abstractmethod
    def _unknown(self, function: str) -> Exception:
        """Return the error for a function that is not supported."""

    def resolve(self, value: Any) -> Any:
        """Return a part of the template with its functions evaluated and each AWS::NoValue removed."""
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

    def is_present(self, declared: Mapping[str, Any]) -> bool:
        """Return whether the condition of a resource or an output holds."""
        return "Condition" not in declared or self._holds({"Condition": declared["Condition"]})

    def _taken_branch(self, argument: list[Any]) -> Any:
        """Return the unresolved part that Fn::If chooses."""
        condition, yes, no = argument
        return yes if self._holds({"Condition": condition}) else no

    def _joined(self, separator: str, parts: list[Any]) -> str:
        return separator.join(map(str, parts))

    def _split(self, separator: str, text: str) -> list[str]:
        return text.split(separator)

    def _select(self, index: int, parts: list[Any]) -> Any:
        return parts[index]

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref" if argument == "AWS::NoValue":
                return _NO_VALUE
            case "Ref":
                return self._reference(argument)
            case "Fn::GetAtt":
                return self._attribute(argument[0], self.resolve(argument[1]))
            case "Fn::If":
                return self.resolve(self._taken_branch(argument))
            case "Fn::ImportValue":
                return self._import(self.resolve(argument))
            case "Fn::Sub":
                return self._substitute(argument)
            case "Fn::Join":
                return self._joined(*self.resolve(argument))
            case "Fn::Split":
                return self._split(*self.resolve(argument))
            case "Fn::Select":
                index, parts = self.resolve(argument)
                return self._select(int(index), parts)
            case "Fn::FindInMap":
                table, row, column = self.resolve(argument)
                return self._template["Mappings"][table][row][column]
            case "Fn::GetAZs":
                region = self.resolve(argument) or self._values["AWS::Region"]
                return [f"{region}a", f"{region}b"]
        raise self._unknown(function)

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
        raise self._unknown(f"{function} in Conditions")
