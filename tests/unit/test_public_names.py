"""This repository's project uses only the public names of the library, as any project may."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "src" / "webapp"
# Each documents its names in __all__.
PUBLIC = ("django_runtimes", "django_runtimes.files")
# An app and a URLconf.
PUBLIC_STRINGS = ("django_runtimes.files", "django_runtimes.files.urls")
# SILENCED_SYSTEM_CHECKS contains names of this form.
CHECK = re.compile(r"django_runtimes\.[EW]\d{3}")


def private_names(source: str) -> Iterator[str]:
    """Yield the private names of the library that a module imports or names in a string."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.startswith("django_runtimes."))
            case ast.ImportFrom(module=str(module), names=names) if module in PUBLIC:
                yield from {name.name for name in names} - set(import_module(module).__all__)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "django_runtimes":
                yield module
            case ast.Constant(value=str(text)) if re.match(r"django_runtimes\.\w", text):
                yield from () if CHECK.fullmatch(text) or text in PUBLIC_STRINGS else [text]


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
        "from django_runtimes.files import incoming",
        "from django_runtimes.files.incoming import permission",
        "INSTALLED_APPS = ['django_runtimes.databases']",
        "handler500 = 'django_runtimes.outages.responses.server_error'",
    ],
)
def test_private_names_are_found(source):
    assert len(list(private_names(source))) == 1


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_exist_and_are_documented(package):
    module = import_module(package)

    assert [name for name in module.__all__ if not getattr(module, name).__doc__] == []
