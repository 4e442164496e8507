"""Parses templates as CloudFormation does: validates their format and checks parameters against declarations."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.deploy.standin.cloudformation.schemas import is_type
from tests.deploy.standin.errors import AwsError
from tests.deploy.template_yaml import load_yaml

_LARGEST_BODY = 51_200
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_NAMES_OF_IAM = {"GroupName", "InstanceProfileName", "ManagedPolicyName", "RoleName", "UserName"}

Template = dict[str, Any]


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def read_template(body: str) -> Template:
    """Parse a template passed in the request; raise ValidationError in CloudFormation's wording."""
    if len(body.encode()) > _LARGEST_BODY:
        raise invalid(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_LARGEST_BODY}"
        )
    return parse_template(body)


def parse_template(body: str) -> Template:
    """Parse a template of any size; a template from S3 may exceed the limit of a request."""
    try:
        template = load_yaml(body)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" (line {place.line + 1}, column {place.column + 1})" if place else ""
        raise invalid(f"Template format error: YAML not well-formed.{where}") from None
    if not isinstance(template, dict):
        raise invalid("Template format error: unsupported structure.")
    for section in template.keys() - _SECTIONS:
        raise invalid(f"Invalid template property or properties [{section}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise invalid("Template format error: At least one Resources member must be defined.")
    unknown = sorted({resource["Type"] for resource in resources.values() if not is_type(resource["Type"])})
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    _check_references(template)
    return template


def capabilities(template: Template) -> set[str]:
    """Return the capabilities that the caller must acknowledge."""
    needed = set()
    for resource in template["Resources"].values():
        if resource["Type"].startswith("AWS::IAM::"):
            needed.add("CAPABILITY_IAM")
            if _NAMES_OF_IAM & (resource.get("Properties") or {}).keys():
                needed.add("CAPABILITY_NAMED_IAM")
    if "Transform" in template:
        needed.add("CAPABILITY_AUTO_EXPAND")
    return needed


def check_capabilities(template: Template, given: list[str]) -> None:
    """Raise InsufficientCapabilitiesException if a required capability is missing."""
    covered = set(given) | ({"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in given else set())
    missing = capabilities(template) - covered
    if missing:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(sorted(missing))}]")


def parameter_values(
    template: Template, given: list[dict[str, Any]], previous: Mapping[str, str] | None
) -> dict[str, str]:
    """Return a value for each declared parameter; raise ValidationError for missing, unknown and invalid ones."""
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters") or {}
    named = {parameter["ParameterKey"]: parameter for parameter in given}
    if unknown := sorted(named.keys() - declared.keys()):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {}
    for name, declaration in declared.items():
        parameter = named.get(name, {})
        if parameter.get("UsePreviousValue"):
            if previous is None or name not in previous:
                raise invalid(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            values[name] = previous[name]
        elif "ParameterValue" in parameter:
            values[name] = parameter["ParameterValue"]
        elif "Default" in declaration:
            values[name] = _text(declaration["Default"])
    if missing := [name for name in declared if name not in values]:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        _check_value(name, value, declared[name])
    return values


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids, parameters and pseudo parameters that part of a template refers to."""
    if isinstance(value, list):
        for part in value:
            yield from references(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == "Ref":
                yield part
            elif key == "Fn::GetAtt":
                yield part[0]
            elif key == "Fn::Sub":
                text, own = part if isinstance(part, list) else (part, {})
                for name in re.findall(r"\$\{([^}!]+)\}", text):
                    if name not in own:
                        yield name.partition(".")[0]
                yield from references(own)
            else:
                yield from references(part)


def _check_references(template: Template) -> None:
    known = template["Resources"].keys() | (template.get("Parameters") or {}).keys()
    for section in ("Resources", "Outputs"):
        named = {name for name in references(template.get(section) or {}) if not name.startswith("AWS::")}
        if unresolved := sorted(named - known):
            raise invalid(
                f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] "
                f"in the {section} block of the template"
            )


def _check_value(name: str, value: str, declaration: Mapping[str, Any]) -> None:
    explanation = declaration.get("ConstraintDescription")

    def refuse(rule: str) -> AwsError:
        return invalid(f"Parameter '{name}' {explanation or rule}")

    allowed = [_text(choice) for choice in declaration.get("AllowedValues", ())]
    if allowed and value not in allowed:
        raise refuse("must be one of AllowedValues")
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, value):
        raise refuse(f"must match pattern {pattern}")
    if len(value) > int(declaration.get("MaxLength", len(value))):
        raise refuse(f"must contain at most {declaration['MaxLength']} characters")
    if declaration["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            raise refuse("must be a number") from None
        if number < float(declaration.get("MinValue", number)):
            raise refuse(f"must be a number not less than {declaration['MinValue']}")
        if number > float(declaration.get("MaxValue", number)):
            raise refuse(f"must be a number not greater than {declaration['MaxValue']}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
