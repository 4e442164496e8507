"""A project's test settings, which also need the library's lines."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.layout import Layout
from django_runtimes.project_files.reading.suite_settings import command_with, suite_settings_without_lines

CALL = "from django_runtimes import configure\nconfigure(globals())\n"
PYTEST = "[pytest]\nDJANGO_SETTINGS_MODULE = config.settings.test\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"test.py": "from .base import *\n"}, "test.py"),
        ({"test.py": "from config.settings.base import *\n"}, "test.py"),
        ({"ci.py": "INSTALLED_APPS = []\n"}, "ci.py"),
        ({"test.py": "from .production import *\n"}, None),
        ({"test.py": "from .middle import *\n", "middle.py": "from config.settings.production import *\n"}, None),
        ({"test.py": "from .base import *\n", "base.py": CALL}, None),
        ({"test.py": f"from .base import *\n{CALL}"}, None),
        ({"test.py": "def test_nothing(): pass\n"}, None),
        ({"test.py": "X = 1\n", "../../pytest.ini": PYTEST}, "test.py"),
        ({"test.py": "from .test import *\nINSTALLED_APPS = []\n"}, "test.py"),
    ],
)
def test_only_test_settings_without_configure_are_found(tmp_path: Path, files: dict[str, str], found: str | None):
    settings = tmp_path / "config/settings"
    settings.mkdir(parents=True)
    for name, content in {"base.py": "", "production.py": "from .base import *\n", "__init__.py": "", **files}.items():
        (settings / name).write_text(content)
    layout = Layout(tmp_path, tmp_path, "config.settings.production", settings / "production.py")

    path = suite_settings_without_lines(layout)

    assert (path and path.name) == found


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, "webapp test -- --settings config.settings.test"),
        ({"conftest.py": ""}, "webapp test -- --ds config.settings.test"),
        ({"pytest.ini": PYTEST}, "webapp test"),
    ],
)
def test_the_note_names_the_command_that_uses_them(tmp_path: Path, files: dict[str, str], command: str):
    settings = tmp_path / "config/settings"
    settings.mkdir(parents=True)
    (settings / "test.py").write_text("INSTALLED_APPS = []\n")
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    layout = Layout(tmp_path, tmp_path, "config.settings.production", settings / "production.py")

    assert command_with(layout, settings / "test.py") == command
