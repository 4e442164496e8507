"""`webapp doctor` in an existing project."""

import pytest

pytestmark = pytest.mark.profile_free


def test_missing_variables_of_the_project_are_named(foreign_below):
    ended = foreign_below.webapp("doctor", "settings", "--offline", folder="backend")

    assert ended.returncode == 0, ended.stdout
    output = " ".join(ended.stdout.split())
    assert "ABSENT, which environment in [tool.webapp] lists, is not set here, and the settings do not set it" in output
    assert "GREETING" not in output


def test_variables_that_the_settings_set_themselves_are_not_reported(foreign):
    foreign.add_settings("os.environ.setdefault('ABSENT', 'read from .env')")

    ended = foreign.webapp("doctor", "settings", "--offline")

    assert ended.returncode == 0, ended.stdout
    assert "ABSENT" not in ended.stdout


def test_settings_that_do_not_load_are_shown_with_their_line(foreign):
    foreign.write("config/settings.py", "import os\n\nREDIS_URL = os.environ['REDIS_URL']\n")

    ended = foreign.webapp("doctor", "settings", "--offline")

    assert ended.returncode == 78
    assert "KeyError: 'REDIS_URL' (config/settings.py, line 3)" in " ".join(ended.stdout.split())


def test_settings_without_a_secret_key_do_not_load(foreign):
    foreign.add_settings("SECRET_KEY = ''\nMIDDLEWARE = [*MIDDLEWARE, 'shop.absent.Middleware']")

    ended = foreign.webapp("doctor", "settings", "--offline")

    output = " ".join(ended.stdout.split())
    assert ended.returncode == 1
    assert "SECRET_KEY is empty, so Django answers 500" in output
    assert "MIDDLEWARE does not load, so no server starts: ModuleNotFoundError: No module named 'shop.absent'" in output
    assert "settings load" not in output
