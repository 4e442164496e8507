"""The built wheel is complete and works without the source."""

import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

from django_runtimes.cli.main import TOOLS
from tests.deploy.installed_wheel import CHECKOUT, InstalledWheel

pytestmark = pytest.mark.profile_free

# The folders of the repository that the wheel contains, and their places in it.
INCLUDED = {"deploy": "django_runtimes/deploy/cloudformation/", "docs": "django_runtimes/docs/"}

# Every public name must come from the installed package, not from the source.
IMPORT = """
import sys
import django_runtimes
for name in django_runtimes.__all__:
    assert callable(getattr(django_runtimes, name)), name
print(django_runtimes.__file__)
"""


def names(installed: InstalledWheel) -> set[str]:
    return {name for name in zipfile.ZipFile(installed.wheel).namelist() if not name.endswith("/")}


def test_the_wheel_contains_only_the_library(installed: InstalledWheel):
    folders = {name.partition("/")[0] for name in names(installed)}

    assert {folder.partition("-")[0] for folder in folders} == {"django_runtimes"}


@pytest.mark.parametrize("folder", INCLUDED)
def test_the_wheel_contains_every_template_and_page_unchanged(installed: InstalledWheel, folder: str):
    archive = zipfile.ZipFile(installed.wheel)
    source, place = CHECKOUT / folder, INCLUDED[folder]

    packed = {name.removeprefix(place): archive.read(name) for name in names(installed) if name.startswith(place)}

    assert packed == {
        path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()
    }


def test_the_wheel_contains_every_file_of_the_package(installed: InstalledWheel):
    source = CHECKOUT / "src"
    files = {path.relative_to(source).as_posix() for path in (source / "django_runtimes").rglob("*") if path.is_file()}

    assert {name for name in files if "__pycache__" not in name} <= names(installed)
    assert {"django_runtimes/py.typed", "django_runtimes/databases/roots/rds.pem"} <= names(installed)


def test_the_metadata_is_valid_and_lists_tested_versions(installed: InstalledWheel):
    # This raises for a field that a package index would refuse.
    metadata = Metadata.from_email(installed.metadata.read_text("METADATA") or "", validate=True)

    declared = {text.rpartition(" :: ")[::2] for text in metadata.classifiers or ()}
    pythons = {version for name, version in declared if name == "Programming Language :: Python" and "." in version}
    assert {"3.11", "3.13"} <= pythons
    assert [version for version in pythons if version not in (metadata.requires_python or ())] == []
    assert {("Framework :: Django", "5.2"), ("Framework :: Django", "6.1"), ("Typing", "Typed")} <= declared
    assert metadata.description_content_type == "text/markdown"


def test_the_base_has_few_dependencies(installed: InstalledWheel):
    needs = [Requirement(text) for text in installed.metadata.requires or []]

    extras = installed.metadata.metadata.get_all("Provides-Extra")
    assert extras == (
        ["compare", "deploy", "lambda", "locust", "mssql", "mysql", "oracle", "redis", "s3", "server", "traces"]
    )
    assert {need.name for need in needs if need.marker is None} == {
        "asgiref",
        "django",
        "django-csp",
        "django-permissions-policy",
        "packaging",
        "psycopg",
        "psycopg-pool",
        "python-json-logger",
        "whitenoise",
    }


def test_the_public_names_come_from_the_wheel(installed: InstalledWheel, tmp_path: Path):
    ended = installed.run("python", "-c", IMPORT, directory=tmp_path)

    assert ended.stdout.strip() == str(installed.package / "__init__.py"), ended.stderr


def test_the_project_cannot_be_imported(installed: InstalledWheel, tmp_path: Path):
    ended = installed.run("python", "-c", "import webapp", directory=tmp_path)

    assert "No module named 'webapp'" in ended.stderr


def test_the_pages_that_messages_name_are_printed(installed: InstalledWheel, tmp_path: Path):
    ended = installed.run("webapp", "docs", "settings", directory=tmp_path)

    assert ended.stdout == (CHECKOUT / "docs/settings.md").read_text(), ended.stderr


@pytest.mark.parametrize("verb", sorted(TOOLS))
def test_every_verb_has_help(installed: InstalledWheel, tmp_path: Path, verb: str):
    ended = installed.run("webapp", verb, "--help", directory=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"usage: webapp {verb}")
