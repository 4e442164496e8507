"""Reads CloudFormation's resource types from the schemas that ship with cfn-lint."""

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


def is_type(name: str) -> bool:
    """Return whether CloudFormation has this resource type."""
    return name in _index() or name == "AWS::CloudFormation::Stack"


def needs_replacement(type_name: str, changed: set[str]) -> bool:
    """Return whether changing any of these properties replaces the resource."""
    fixed = {path.split("/")[2] for path in schema(type_name).get("createOnlyProperties", ())}
    return bool(changed & fixed)


def complaint(type_name: str, properties: Mapping[str, Any]) -> str | None:
    """Return CloudFormation's message about the first unknown or missing property, or None."""
    known = schema(type_name)
    if not known:
        return None
    unknown = sorted(properties.keys() - known["properties"].keys())
    if unknown:
        return f"Properties validation failed: #: extraneous key [{unknown[0]}] is not permitted"
    missing = sorted(set(known.get("required", ())) - properties.keys())
    return f"Properties validation failed: #: required key [{missing[0]}] not found" if missing else None


def attributes(type_name: str) -> list[str]:
    """Return the attributes that Fn::GetAtt supports for the type."""
    return [
        path.removeprefix("/properties/").replace("/", ".") for path in schema(type_name).get("readOnlyProperties", ())
    ]


def identifier(type_name: str) -> str | None:
    """Return the property that identifies a resource of the type, or None if several do."""
    paths = schema(type_name).get("primaryIdentifier", ())
    return paths[0].removeprefix("/properties/") if len(paths) == 1 else None


@cache
def schema(type_name: str) -> dict[str, Any]:
    """Return the type's schema, or an empty one if cfn-lint has none."""
    name = _index().get(type_name)
    if name is None:
        return {}
    content: dict[str, Any] = json.loads((_data() / "resources" / f"{name}.json").read_text())
    return content


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = json.loads((_data() / "providers" / "us-east-1.json").read_text())
    return index


@cache
def _data() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "schemas"
