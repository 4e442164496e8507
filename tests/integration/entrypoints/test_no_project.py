"""The command `webapp` without a project."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.profile_free

NO_SETTINGS = "no settings module is named; set settings in [tool.webapp] of pyproject.toml, or DJANGO_SETTINGS_MODULE"


def webapp(directory, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["migrate", "check", "runserver", "create_web_role", "migration_gate"])
def test_a_command_says_how_to_name_the_settings(tmp_path, command):
    ended = webapp(tmp_path, command)

    assert (ended.returncode, ended.stderr) == (78, f"webapp: {NO_SETTINGS}\n")


def test_serve_without_settings_starts_no_database(tmp_path):
    ended = webapp(tmp_path, "serve", "--port", "8999")

    assert (ended.returncode, ended.stderr) == (1, f"webapp serve: {NO_SETTINGS}\n")


def test_commands_that_need_no_settings_work(tmp_path):
    assert webapp(tmp_path, "startproject", "shop").returncode == 0
    assert (tmp_path / "shop" / "manage.py").exists()


def test_the_projects_block_is_found_from_a_subfolder(tmp_path):
    assert webapp(tmp_path, "startproject", "config", ".").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')
    with (tmp_path / "config" / "settings.py").open("a") as settings:
        settings.write("from django_runtimes import configure\nconfigure(globals())\n")
    (tmp_path / "docs").mkdir()

    ended = webapp(tmp_path / "docs", "check")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "System check identified no issues (0 silenced).\n"


def test_a_command_of_the_librarys_apps_asks_for_configure(tmp_path):
    assert webapp(tmp_path, "startproject", "config", ".").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')

    ended = webapp(tmp_path, "create_web_role")

    assert (ended.returncode, ended.stderr) == (
        2,
        "webapp: 'create_web_role' is a command of this library's apps, which INSTALLED_APPS lacks; "
        "write at the end of the settings: from django_runtimes import configure; configure(globals())\n",
    )


def test_settings_without_configure_are_reported_in_one_line(tmp_path):
    assert webapp(tmp_path, "startproject", "config", ".").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nsettings = "config.settings"\n')

    ended = webapp(tmp_path, "check")

    assert (ended.returncode, ended.stderr) == (
        78,
        "webapp: config.settings does not call configure(), so the settings do not fit the runtime; "
        "add at its end: from django_runtimes import configure; configure(globals())\n",
    )


def test_a_wrong_block_is_reported_in_one_line(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.webapp]\nsettings = 3\n")

    ended = webapp(tmp_path, "check")

    assert ended.returncode == 2
    assert ended.stderr.startswith("webapp: ")
    assert ended.stderr.endswith("[tool.webapp] settings=3 is not a non-empty string; write one in quotes\n")
