"""The templates that a project uses: the library's, or a copy of its own."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.templates.ejection import eject
from django_runtimes.deploy.templates.ejection_record import RECORD_NAME, EjectionRecord
from django_runtimes.deploy.templates.template_source import differing_templates, find_templates, library_templates

CHECKOUT = Path(__file__).parents[4]
LAMBDA = "lambda/template.yaml"


def test_a_clone_has_the_templates_at_its_top_level():
    assert library_templates() == CHECKOUT / "deploy"


def test_a_project_without_templates_uses_the_librarys(tmp_path: Path):
    source = find_templates(tmp_path)

    assert (source.directory, source.is_of_project) == (CHECKOUT / "deploy", False)
    assert str(source) == f"{CHECKOUT / 'deploy'}, of django-runtimes {version('django-runtimes')}"


def test_another_folder_of_the_same_name_is_ignored(tmp_path: Path):
    (tmp_path / "deploy" / "lambda").mkdir(parents=True)
    (tmp_path / "deploy" / LAMBDA).write_text("Resources: {}\n")

    assert not find_templates(tmp_path).is_of_project


def test_a_file_of_the_same_name_is_ignored(tmp_path: Path):
    (tmp_path / "deploy").write_text("#!/bin/sh\n")

    assert not find_templates(tmp_path).is_of_project


def test_a_complete_copy_is_the_projects_own(tmp_path: Path):
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy")

    assert find_templates(tmp_path).directory == tmp_path / "deploy"


def test_an_ejected_copy_is_used_and_shows_its_version(tmp_path: Path):
    eject(tmp_path)

    source = find_templates(tmp_path)

    assert source.directory == tmp_path / "deploy"
    assert str(source).endswith(f", this project's own, ejected from django-runtimes {version('django-runtimes')}")
    assert differing_templates(source) == ((), ())
    assert [path.name for path in tmp_path.iterdir()] == ["deploy"]


def test_eject_overwrites_nothing(tmp_path: Path):
    (tmp_path / "deploy").mkdir()

    with pytest.raises(UsageError, match="deploy exists already, and --eject overwrites nothing; move it away"):
        eject(tmp_path)

    assert list((tmp_path / "deploy").iterdir()) == []


def test_an_ejected_copy_that_lacks_a_template_is_refused(tmp_path: Path):
    (eject(tmp_path) / LAMBDA).unlink()

    with pytest.raises(ToolError, match=r"was made by `webapp init --eject` and lacks lambda/template\.yaml"):
        find_templates(tmp_path)


def test_edits_and_changes_in_the_library_are_distinguished(tmp_path: Path):
    directory = eject(tmp_path)
    # An earlier version of the library had these templates.
    (directory / "ecs/express.yaml").write_text("Resources: {}\n")
    (directory / "ecs/former.yaml").write_text("Resources: {}\n")
    (directory / RECORD_NAME).write_text(EjectionRecord.of(directory).to_json())
    (directory / LAMBDA).write_text("Resources: {}\n")

    edited, changed = differing_templates(find_templates(tmp_path))

    assert edited == (LAMBDA,)
    assert changed == ("ecs/express.yaml", "ecs/former.yaml")


def test_a_template_that_is_new_in_the_library_is_named(tmp_path: Path):
    directory = eject(tmp_path)
    (directory / "README.md").unlink()
    (directory / RECORD_NAME).write_text(EjectionRecord.of(directory).to_json())

    assert differing_templates(find_templates(tmp_path)) == ((), ("README.md",))


def test_an_invalid_record_is_refused(tmp_path: Path):
    (eject(tmp_path) / RECORD_NAME).write_text("{}")

    with pytest.raises(UsageError, match=r"\.ejected\.json cannot be read: 'files'; restore the file"):
        find_templates(tmp_path)
