import os
import sys

import pytest

from django_runtimes.cli.errors import UsageError
from django_runtimes.cli.project import Project, find_project

BLOCK = '[tool.webapp]\nsettings = "config.settings"\nworkload = "compare.toml"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        (tmp_path / "pyproject.toml").write_text(text)
        return tmp_path

    return write


def test_the_block_is_found_from_a_folder_below(write):
    directory = write(BLOCK)
    below = directory / "site" / "pages"
    below.mkdir(parents=True)
    (directory / "site" / "pyproject.toml").write_text('[project]\nname = "site"\n')

    assert find_project(below) == Project(directory, "config.settings", directory / "compare.toml")


def test_without_a_block_there_is_no_project(write):
    assert find_project(write('[project]\nname = "shop"\n')) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tool.webapp\n", "is not TOML"),
        ("[tool]\nwebapp = 3\n", "tool.webapp=3 is not a table; write it as [tool.webapp]"),
        ('[tool.webapp]\nsetings = "a"\n', "has no key 'setings'; did you mean 'settings'?"),
        ('[tool.webapp]\nurl = "a"\n', "has no key 'url'; choose one of: settings, workload"),
        ("[tool.webapp]\nsettings = 3\n", "settings=3 is not a text; write it in quotes"),
        ('[tool.webapp]\nsettings = ""\n', "settings='' is not a text; write it in quotes"),
        ('[tool.webapp]\nsettings = "config/settings.py"\n', "settings='config/settings.py' is not a module's name"),
    ],
)
def test_a_wrong_block_is_refused_with_its_file(write, text, complaint):
    directory = write(text)

    with pytest.raises(UsageError) as refused:
        find_project(directory)

    assert str(refused.value).startswith(str(directory / "pyproject.toml"))
    assert complaint in str(refused.value)


def test_entering_names_settings_and_paths(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/elsewhere"])
    environ = {"PYTHONPATH": "/other"}

    Project(tmp_path, "config.settings").enter(environ)

    assert sys.path == [str(tmp_path), "/elsewhere"]
    assert environ == {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}/other",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def test_a_variable_beats_the_block(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    environ = {"DJANGO_SETTINGS_MODULE": "config.other"}

    Project(tmp_path, "config.settings").enter(environ)

    assert environ["DJANGO_SETTINGS_MODULE"] == "config.other"
