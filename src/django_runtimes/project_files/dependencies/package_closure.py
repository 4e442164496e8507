"""Finds the names of all packages to be installed, from lock files and from this environment."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from django_runtimes.cli.tool_error import UsageError


def locked_packages(lock: Path | None) -> Iterator[str]:
    """Yield the names in a lock file, if there is one; UsageError if it cannot be read."""
    if lock is None:
        return
    try:
        if lock.suffix == ".lock" and lock.name.startswith("Pipfile"):
            yield from map(canonicalize_name, json.loads(lock.read_text(encoding="utf-8")).get("default", {}))
        else:
            packages = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
            yield from (canonicalize_name(package["name"]) for package in packages)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{lock.name} cannot be read: {error}; recreate it with its tool") from None


def needed_packages(requirements: Iterable[Requirement]) -> Iterator[str]:
    """Yield the names of these packages and of all that they need here; for psycopg[binary], also psycopg-binary."""
    waiting, seen = list(requirements), set()
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        extras = {"", *need.extras}
        if (name, *sorted(extras)) in seen:
            continue
        seen.add((name, *sorted(extras)))
        yield name
        yield from (f"{name}-{extra}" for extra in need.extras)
        try:
            needs = map(Requirement, distribution(name).requires or [])
        except (PackageNotFoundError, InvalidRequirement):
            continue
        waiting += [
            need for need in needs if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras)
        ]
