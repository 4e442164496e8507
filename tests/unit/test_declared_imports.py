"""The library imports only packages that pyproject.toml names."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).parents[2]
_LIBRARY = _ROOT / "src" / "django_runtimes"
# What the interface of a package is made of, and its own dependency.
_IN_INTERFACES = {"boto3": ("botocore",), "aiohttp": ("multidict", "yarl")}
# What only those install who need it: `webapp pinlint` says so, and docs/compose.md.
_OF_PROJECTS = {"pytest", "websockets"}


def imported(source: str) -> Iterator[str]:
    """The packages that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_each_package_that_is_imported_is_declared():
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    needs = chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {canonicalize_name(Requirement(text).name) for text in needs}
    declared |= {name for package in declared & _IN_INTERFACES.keys() for name in _IN_INTERFACES[package]}
    owners = packages_distributions()

    undeclared = {
        (str(path.relative_to(_LIBRARY)), name)
        for path in _LIBRARY.rglob("*.py")
        for name in imported(path.read_text(encoding="utf-8"))
        if name not in sys.stdlib_module_names
        and name not in {"django_runtimes", *_OF_PROJECTS}
        and not {canonicalize_name(owner) for owner in owners.get(name, [name])} & declared
    }

    assert undeclared == set()
