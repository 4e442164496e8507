"""Reads templates, spells parameter values as they expect, and fingerprints a function's configuration."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    # libyaml's loader takes an eighth of the CPU time, but PyYAML can be built without it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.catalogue import Stack
from django_runtimes.deploy.templates.long_form import long_form

_FINGERPRINT_LENGTH = 16


class _Loader(SafeLoader):
    """A YAML loader that keeps CloudFormation's short forms as pairs of tag and value."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    # No other key of a template begins with "!".
    tag = f"!{name}"
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101
    return {tag: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)
# CloudFormation treats dates as strings.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Template:
    """A template: its text for CloudFormation and its parsed content."""

    body: str
    content: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared parameters."""
        declared: Mapping[str, Mapping[str, Any]] = self.content.get("Parameters") or {}
        return declared

    @property
    def resource_types(self) -> Mapping[str, str]:
        """The type of each resource, whatever its condition."""
        return {name: resource["Type"] for name, resource in self.content["Resources"].items()}

    def spelled(self, parameter: str, value: object) -> str:
        """Spell a value of webapp.toml as the template does: yes for true, X86_64 for x86_64, a list with commas.

        Raise UsageError if the value is not allowed.
        """
        text = _text(parameter, value)
        allowed = [str(choice) for choice in self.parameters[parameter].get("AllowedValues", ())]
        if not allowed:
            return text
        for choice in allowed:
            if choice.lower() == text.lower():
                return choice
        raise UsageError(
            f"{parameter} = {text!r} is not a value that its template allows; choose from {', '.join(allowed)}"
        )

    def text_of(self, value: object, parameters: Mapping[str, str]) -> str | None:
        """Return a string, !Ref or !Sub with the parameters filled in, AWS's own included; None for anything else."""
        match long_form(value):
            case str(text):
                return text
            case {"Ref": str(name)}:
                return parameters.get(name)
            case {"Fn::Sub": str(text)}:
                filled = re.sub(r"\$\{([\w:]+)\}", lambda found: parameters.get(found[1], found[0]), text)
                return None if "${" in filled else filled
        return None

    def holds(self, condition: object, parameters: Mapping[str, str]) -> bool:
        """Return whether a condition, by name or in full, holds; None always holds."""
        match long_form(condition):
            case None:
                return True
            case str(name) | {"Condition": str(name)}:
                return self.holds(self.content["Conditions"][name], parameters)
            case {"Fn::Equals": [left, right]}:
                return self.text_of(_text_if_number(left), parameters) == self.text_of(
                    _text_if_number(right), parameters
                )
            case {"Fn::Not": [part]}:
                return not self.holds(part, parameters)
            case {"Fn::And": list(parts)}:
                return all(self.holds(part, parameters) for part in parts)
            case {"Fn::Or": list(parts)}:
                return any(self.holds(part, parameters) for part in parts)
        raise ToolError(
            f"the template has the condition {condition!r}, which is not supported; use !Equals, !Not, !And or !Or"
        )

    def fingerprint(self, resource: str, parameters: Mapping[str, str], *, ignored: frozenset[str]) -> str:
        """Return a hash that changes when the template or the parameters change the resource's properties."""
        properties = self.content["Resources"][resource]["Properties"]
        conditions: Mapping[str, Any] = self.content.get("Conditions") or {}
        names: set[str] = set()
        parts = [properties]
        while parts:
            found = set(names_in(parts.pop())) - names
            names |= found
            parts += [conditions[name] for name in sorted(found & conditions.keys())]
        used = {name: parameters.get(name) for name in sorted(names & self.parameters.keys() - ignored)}
        text = json.dumps([properties, used], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def read_template(directory: Path, stack: Stack) -> Template:
    """Return a stack's template from the templates' folder; raise ToolError if it cannot be read."""
    path = directory / stack.template
    try:
        body = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(
            f"{path}, the template of the stack '{stack.name}', cannot be read: {error}; restore it"
        ) from None
    try:
        return Template(body, yaml.load(body, _Loader))  # noqa: S506
    except yaml.YAMLError as error:
        raise ToolError(f"{path} is not YAML: {' '.join(str(error).split())}; fix it there") from None


def _text(parameter: str, value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return ",".join(value)
    raise UsageError(
        f"{parameter} = {value!r} cannot be a parameter; write a string, a number, true, false or a list of strings"
    )


def _text_if_number(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


def names_in(value: object) -> Iterator[str]:
    """Yield every string in a part of a template that may name a parameter or a condition."""
    if isinstance(value, str):
        yield value
        yield from re.findall(r"\$\{(\w+)\}", value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from names_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from names_in(part)
