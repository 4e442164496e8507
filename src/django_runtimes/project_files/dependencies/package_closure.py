"""The names of all packages that requirements bring, by lock files and by what is installed here."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from django_runtimes.cli.tool_error import UsageError


def locked_packages(lock: Path | None) -> Iterator[str]:
    """The names in a lock file; none without one. UsageError where it cannot be read."""
    if lock is None:
        return
    try:
        if lock.suffix == ".lock" and lock.name.startswith("Pipfile"):
            yield from map(canonicalize_name, json.loads(lock.read_text(encoding="utf-8")).get("default", {}))
        else:
            packages = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
            yield from (canonicalize_name(package["name"]) for package in packages)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{lock.name} cannot be read: {error}; make it again with its tool") from None


def needed_packages(requirements: Iterable[Requirement]) -> Iterator[str]:
    """The names of what these need in this environment; psycopg[binary] as psycopg-binary too, installed or not."""
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
