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
# Packages whose names appear in the interface of a declared package, which depends on them.
_INTERFACE_PACKAGES = {
    "boto3": ("botocore",),
    "aiohttp": ("multidict", "yarl"),
    "awslambdaric": ("snapshot-restore-py",),
}
# Optional packages that a project installs itself, as `webapp pinlint` and docs/compose.md say.
_OPTIONAL = {"pytest", "websockets"}


def imported(source: str) -> Iterator[str]:
    """Yield the packages that a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_each_package_that_is_imported_is_declared():
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    needs = chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {canonicalize_name(Requirement(text).name) for text in needs}
    declared |= {name for package in declared & _INTERFACE_PACKAGES.keys() for name in _INTERFACE_PACKAGES[package]}
    owners = packages_distributions()

    undeclared = {
        (str(path.relative_to(_LIBRARY)), name)
        for path in _LIBRARY.rglob("*.py")
        for name in imported(path.read_text(encoding="utf-8"))
        if name not in sys.stdlib_module_names
        and name not in {"django_runtimes", *_OPTIONAL}
        and not {canonicalize_name(owner) for owner in owners.get(name, [name])} & declared
    }

    assert undeclared == set()
