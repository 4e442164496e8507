import os
import sys

import pytest

from django_runtimes.cli.project.project import Project, find_project
from django_runtimes.cli.tool_error import UsageError

BLOCK = '[tool.webapp]\nsettings = "config.settings"\nworkload = "compare.toml"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        (tmp_path / "pyproject.toml").write_text(text)
        return tmp_path

    return write


def test_the_block_is_found_from_a_subfolder(write):
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
        (
            '[tool.webapp]\nurl = "a"\n',
            "has no key 'url'; choose one of: settings, environment, workload, python_path",
        ),
        ("[tool.webapp]\nsettings = 3\n", "settings=3 is not a non-empty string; write one in quotes"),
        ('[tool.webapp]\nsettings = ""\n', "settings='' is not a non-empty string; write one in quotes"),
        ('[tool.webapp]\nsettings = "config/settings.py"\n', "settings='config/settings.py' is not a module's name"),
        ('[tool.web-app]\nsettings = "a"\n', "[tool.web-app] has no effect; did you mean [tool.webapp]?"),
        ('[webapp]\nsettings = "a"\n', "[webapp] has no effect; did you mean [tool.webapp]?"),
        ('[tool.webapp]\npython_path = "app"\n', "python_path='app' is not a folder beside this file"),
        ('[tool.webapp]\nenvironment = "A"\n', "environment='A' is not a list of names; write it as ["),
        ("[tool.webapp]\nenvironment = [1]\n", "environment=[1] is not a list of names; write it as ["),
        ('[tool.webapp]\nenvironment = ["A=1"]\n', "environment names 'A=1', which is not a variable's name; write"),
        ('[tool.webapp]\nenvironment = ["A", "B", "A"]\n', "environment names 'A' twice; name it once"),
        ('[tool.webapp]\nenvironment = ["WEBAPP_X"]\n', "'WEBAPP_X', which is the library's, not the project's own"),
        ('[tool.webapp]\nenvironment = ["DATABASE_URL"]\n', "'DATABASE_URL', which is set by the tools themselves"),
        ('[tool.webapp]\nenvironment = ["PATH"]\n', "'PATH', which is set by the tools themselves; remove it"),
        ('[tool.webapp]\nenvironment = ["PGSERVICE"]\n', "'PGSERVICE', which is set by the tools themselves"),
        ('[tool.webapp]\nenvironment = ["AWS_REGION"]\n', "'AWS_REGION', which is reserved by AWS Lambda"),
        ('[tool.webapp]\nenvironment = ["AWS_LAMBDA_X"]\n', "'AWS_LAMBDA_X', which is reserved by AWS Lambda"),
    ],
)
def test_the_error_for_an_invalid_block_names_its_file(write, text, complaint):
    directory = write(text)

    with pytest.raises(UsageError) as refused:
        find_project(directory)

    assert str(refused.value).startswith(str(directory / "pyproject.toml"))
    assert complaint in str(refused.value)


def test_the_projects_own_variables_are_read(write):
    directory = write('[tool.webapp]\nenvironment = ["REDIS_URL", "_x1", "PGHOST", "AWS_ENDPOINT_URL"]\n')

    assert find_project(directory).environment == ("REDIS_URL", "_x1", "PGHOST", "AWS_ENDPOINT_URL")


@pytest.mark.parametrize("other", ["webpack", "mypy", "hatch"])
def test_another_tools_block_is_ignored(write, other):
    assert find_project(write(f'[tool.{other}]\nsettings = "a"\n')) is None


def test_entering_a_project_sets_its_settings_and_paths(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/elsewhere"])
    environ = {"PYTHONPATH": "/other"}

    Project(tmp_path, "config.settings").enter(environ)

    assert sys.path == [str(tmp_path), "/elsewhere"]
    assert environ == {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}/other",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def test_django_settings_module_beats_the_block(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    environ = {"DJANGO_SETTINGS_MODULE": "config.other"}

    Project(tmp_path, "config.settings").enter(environ)

    assert environ["DJANGO_SETTINGS_MODULE"] == "config.other"


def test_modules_are_imported_from_the_folder_with_the_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/elsewhere"])
    (tmp_path / "backend" / "config").mkdir(parents=True)
    (tmp_path / "backend" / "manage.py").touch()
    (tmp_path / "backend" / "config" / "settings.py").touch()
    environ: dict[str, str] = {}

    project = Project(tmp_path, "config.settings")
    project.enter(environ)

    assert sys.path == [str(tmp_path / "backend"), "/elsewhere", str(tmp_path)]
    assert environ["PYTHONPATH"] == str(tmp_path / "backend")
    assert project.manage == tmp_path / "backend" / "manage.py"
    assert project.working_directory == tmp_path / "backend"


def test_python_path_names_the_folder_of_the_modules(write):
    directory = write('[tool.webapp]\nsettings = "config.settings"\npython_path = "apps/./web"\n')
    (directory / "apps" / "web").mkdir(parents=True)

    assert find_project(directory).import_root == directory / "apps" / "web"


def test_two_folders_with_the_settings_are_refused(tmp_path):
    for name in ("back", "front"):
        (tmp_path / name / "config").mkdir(parents=True)
        (tmp_path / name / "manage.py").touch()
        (tmp_path / name / "config" / "settings.py").touch()

    with pytest.raises(UsageError, match=r"back, front each contain .* with python_path = \"back\" in \[tool.webapp\]"):
        _ = Project(tmp_path, "config.settings").import_root


def test_a_folder_that_pythonpath_cannot_hold_is_refused(tmp_path):
    (tmp_path / "a:b").mkdir()

    with pytest.raises(UsageError, match=r"has ':' in its path; rename the folder"):
        Project(tmp_path / "a:b").enter({})
