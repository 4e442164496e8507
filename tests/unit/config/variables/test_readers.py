"""Every module in src reads the variables through the table, never by name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.config.variables.table import VARIABLES

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "src"
TABLE = SOURCE / "django_runtimes" / "config" / "variables"
PACKAGE = "django_runtimes.config.variables"
NAME = re.compile(r"WEBAPP_[A-Z0-9_]+")
MODULES = sorted(path for path in SOURCE.rglob("*.py") if TABLE not in path.parents)


def strings_that_are_names(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings that equal a variable's name, except where a child process's environment is written."""
    written: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=keys):
                written |= set(map(id, keys))
            case ast.Subscript(slice=key, ctx=ast.Store()):
                written.add(id(key))
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[key, *_]):
                written.add(id(key))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in written and NAME.fullmatch(str(node.value)):
            yield node


def test_no_module_reads_a_variable_by_its_name():
    reads = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {node.value}"
        for path in MODULES
        for node in strings_that_are_names(ast.parse(path.read_text()))
    ]

    assert reads == []


@pytest.mark.parametrize(
    "reading",
    [
        'environ["WEBAPP_WORKERS"]',
        'environ.get("WEBAPP_WORKERS")',
        '"WEBAPP_WORKERS" in environ',
        'NAMES = ("WEBAPP_WORKERS",)',
        'getenv("WEBAPP_WORKERS", "1")',
    ],
)
def test_reads_by_name_are_found(reading):
    assert [node.value for node in strings_that_are_names(ast.parse(reading))] == ["WEBAPP_WORKERS"]


def test_every_variable_is_used_somewhere():
    groups = {path.stem for path in TABLE.rglob("*.py")}
    used = {name for path in MODULES for name in imported_variables(ast.parse(path.read_text()), groups)}

    assert {variable.name.removeprefix("WEBAPP_") for variable in VARIABLES} - used == set()


def imported_variables(tree: ast.AST, groups: set[str]) -> Iterator[str]:
    """Yield the names that a module imports from a group of variables, or reads from an imported group."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith(PACKAGE):
                yield from (alias.name for alias in names)
            case ast.Attribute(value=ast.Name(id=group), attr=name) if group in groups:
                yield name
