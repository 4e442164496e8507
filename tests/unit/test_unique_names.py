"""One noun, one meaning: no two classes and no two modules of the source share a name."""

import ast
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

CLASSES = {
    "Command": "Django's name for a management command",
    "DatabaseWrapper": "Django's name for an engine",
    "Migration": "Django's name for a migration",
}
MODULES = {
    "0001_initial": "Django's name for the first migration of an app",
    "__init__": "Python's name for a package",
    "__main__": "Python's name for the module that `python -m` runs",
    "admin": "Django's name for the admin of an app",
    "apps": "Django's name for the configuration of an app",
    "asgi": "Django's name for the ASGI application of a project, and for the entry point that serves it",
    "base": "Django's name for the module that an engine is loaded from",
    "checks": "Django's name for the system checks of an app",
    "models": "Django's name for the models of an app",
    "types": "the protocols that the modules of one package share",
    "urls": "Django's name for a URLconf",
}


def repeated(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def class_names(paths: Iterable[Path]) -> list[str]:
    return [
        node.name for path in paths for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]


def module_names(paths: Iterable[Path]) -> list[str]:
    return [path.stem for path in paths]


@pytest.mark.parametrize(("names", "allowed"), [(class_names, CLASSES), (module_names, MODULES)])
def test_no_name_has_two_meanings(names, allowed):
    assert repeated(names(SOURCE.rglob("*.py"))) == set(allowed)


def test_classes_and_modules_with_equal_names_are_found(tmp_path):
    paths = [tmp_path / "plans.py", tmp_path / "compare/plans.py"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text("class Plan:\n    pass\n")

    assert repeated(class_names(paths)) == {"Plan"}
    assert repeated(module_names(paths)) == {"plans"}
