"""This repository's project uses only the public names of the library, as any project may."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_runtimes

PROJECT = Path(__file__).parents[2] / "src" / "webapp"
# SILENCED_SYSTEM_CHECKS contains names of this form.
CHECK = re.compile(r"django_runtimes\.[EW]\d{3}")


def private_names(source: str) -> Iterator[str]:
    """Yield the private names of the library that a module imports or names in a string."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.startswith("django_runtimes."))
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] == "django_runtimes":
                private = {name.name for name in names} - set(django_runtimes.__all__)
                yield from private if module == "django_runtimes" else [module]
            case ast.Constant(value=str(text)) if re.match(r"django_runtimes\.\w", text):
                yield from () if CHECK.fullmatch(text) else [text]


def test_the_project_uses_public_names_only():
    modules = sorted(PROJECT.rglob("*.py"))

    assert PROJECT / "settings.py" in modules
    assert {str(path): names for path in modules if (names := list(private_names(path.read_text())))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import django_runtimes.serving",
        "from django_runtimes.config import configuration_error",
        "from django_runtimes import serving",
        "INSTALLED_APPS = ['django_runtimes.databases']",
        "handler500 = 'django_runtimes.outages.responses.server_error'",
    ],
)
def test_private_names_are_found(source):
    assert len(list(private_names(source))) == 1


@pytest.mark.parametrize("name", django_runtimes.__all__)
def test_public_names_exist_and_are_documented(name):
    assert getattr(django_runtimes, name).__doc__
