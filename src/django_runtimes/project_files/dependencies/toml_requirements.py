"""Reads the requirements that TOML files list in arrays (pyproject.toml) and tables (Poetry, Pipenv)."""

import re
from collections.abc import Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name


def array_requirements(data: Mapping[str, Any], table: tuple[str, ...], key: str) -> dict[str, Requirement] | None:
    """Return the requirements in the array `key` of a table by name, or None without such an array."""
    for part in table:
        data = data.get(part, {})
    items = data.get(key)
    if not isinstance(items, list):
        return None
    found: dict[str, Requirement] = {}
    for item in items:
        try:
            need = Requirement(item)
        except (InvalidRequirement, TypeError):
            continue
        found[canonicalize_name(need.name)] = need
    return found


def table_requirements(table: Mapping[str, object]) -> dict[str, Requirement]:
    """Return the requirements in a table of Poetry or Pipenv by name."""
    return {canonicalize_name(name): _from_line(name, value) for name, value in table.items()}


def versions(value: object) -> SpecifierSet:
    """Convert a range of Poetry or Pipenv: ^5.2 is >=5.2,<6; ~5.2 is >=5.2,<5.3. An unknown form allows any version."""
    text = value.get("version", "") if isinstance(value, dict) else value
    parts = []
    for part in str(text).split(","):
        match = re.fullmatch(r"\s*([\^~]?)\s*(\d+(?:\.\d+)*)\s*", part)
        if match is None:
            parts.append(part.strip() if part.strip() not in {"*", ""} else "")
            continue
        sign, version = match.groups()
        numbers = [int(number) for number in version.split(".")]
        index = next((i for i, number in enumerate(numbers) if number), 0) if sign == "^" else min(1, len(numbers) - 1)
        above = ".".join(map(str, [*numbers[:index], numbers[index] + 1]))
        parts.append(f">={version},<{above}" if sign else f"=={version}")
    try:
        return SpecifierSet(",".join(filter(None, parts)))
    except InvalidSpecifier:
        return SpecifierSet()


def _from_line(name: str, value: object) -> Requirement:
    """Return the requirement for an entry of Poetry's or Pipenv's tables."""
    need = Requirement(canonicalize_name(name))
    need.specifier = versions(value)
    need.extras = set(value.get("extras", ())) if isinstance(value, dict) else set()
    return need
