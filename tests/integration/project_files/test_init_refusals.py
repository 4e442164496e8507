"""Projects that `webapp init` cannot adopt."""

from pathlib import Path

import pytest

from tests.integration.project_files.projects import (
    APPS,
    MANAGE,
    MANAGE_WITH_ENV,
    MANAGE_WITH_PATH,
    PLAIN,
    SETTINGS,
    VARIABLES,
    tree,
)
from tests.integration.project_files.running_init import init, write


@pytest.mark.parametrize(
    ("files", "arguments", "complaint"),
    [
        (
            {**PLAIN, "manage.py": MANAGE_WITH_PATH, "shop/settings.py": APPS, "apps/blog/__init__.py": ""},
            [],
            "'blog' is in apps/, which manage.py puts on sys.path, but no runtime runs manage.py; put those lines at "
            "the top of shop/settings.py",
        ),
        (
            {**PLAIN, "manage.py": MANAGE_WITH_PATH, "shop/settings.py": "import blog\n", "apps/blog.py": ""},
            [],
            "'blog' is in apps/, which manage.py puts on sys.path",
        ),
        (
            {**PLAIN, "manage.py": MANAGE_WITH_ENV, "shop/settings.py": VARIABLES, ".env": "SHOP_KEY=a\n"},
            [],
            "(KeyError: 'SHOP_KEY'); manage.py reads .env with load_dotenv(), but no runtime runs it: make that call "
            "at the top of shop/settings.py",
        ),
        (
            {**PLAIN, "shop/settings.py": "from configurations import Configuration\n"},
            [],
            "shop/settings.py takes the settings from classes of django-configurations, but configure() needs",
        ),
        (
            {**PLAIN, "shop/wsgi.py": "from configurations.wsgi import get_wsgi_application\n"},
            [],
            "shop/wsgi.py takes the settings from classes of django-configurations",
        ),
        ({}, [], "no manage.py in"),
        (
            {"a/manage.py": MANAGE.format(settings="a.settings"), "b/manage.py": MANAGE.format(settings="b.settings")},
            [],
            "2 Django projects are here (a/manage.py, b/manage.py)",
        ),
        ({"manage.py": MANAGE.format(settings="shop.settings")}, [], "the settings module 'shop.settings', named by"),
        (PLAIN, ["--settings", ""], "the settings module '', named by --settings, is not a file below"),
        (PLAIN, ["--settings", "shop.absent"], "the settings module 'shop.absent', named by --settings"),
        (
            {**PLAIN, "shop/local.py": SETTINGS, "pyproject.toml": '[tool.webapp]\nsettings = "shop.settings"\n'},
            ["--settings", "shop.local"],
            "--settings names shop.local, but pyproject.toml names shop.settings in [tool.webapp]",
        ),
        ({"manage.py": "DJANGO_SETTINGS_MODULE"}, [], "manage.py names no settings module as a string"),
        (
            {**PLAIN, "shop/settings.py": VARIABLES},
            [],
            "the settings shop.settings do not load at shop/settings.py:7 (KeyError: 'SHOP_KEY'); set the variables",
        ),
        ({**PLAIN, "shop/settings.py": "import absent"}, [], "install the project's requirements"),
        ({**PLAIN, "shop/settings.py": "x = ("}, [], "shop/settings.py is not valid Python"),
        ({**PLAIN, "requirements.txt": "Django==4.2.16\n"}, [], "requirements.txt requires Django ==4.2.16, but"),
        (
            {**PLAIN, "pyproject.toml": '[project]\nname = "shop"\nrequires-python = "<3.11"\n'},
            [],
            "the project's Python is <3.11, but",
        ),
        ({**PLAIN, "pyproject.toml": "[project"}, [], "TOML"),
        ({**PLAIN, "requirements.txt": "-r absent.txt\n"}, [], "absent.txt, which"),
        (PLAIN, ["--sttings", "x"], "'--sttings' is not an option of webapp init"),
    ],
)
def test_a_project_that_cannot_be_adopted_is_refused_in_one_line(
    tmp_path: Path, files: dict[str, str], arguments: list[str], complaint: str
):
    before = tree(write(tmp_path, files))

    ended = init(tmp_path, "--yes", *arguments)

    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["compare.toml", "Dockerfile", ".dockerignore"])
def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path, name: str):
    before = tree(write(tmp_path, {**PLAIN, f"{name}/notes.txt": ""}))

    ended = init(tmp_path, "--yes")

    complaint = f"webapp init: {name} is a folder, but webapp init writes a file of this name; rename the folder\n"
    assert (ended.returncode, complaint in ended.stderr) == (2, True), ended.stderr
    assert tree(tmp_path) == before
