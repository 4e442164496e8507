"""Runs `webapp init` as a process."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from django_runtimes.compare.workload.reading import load_workload
from tests.integration.project_files.projects import MANAGE, PLAIN, SETTINGS, make, tree


def init(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes", "init", *arguments],
        cwd=directory,
        env={**{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def write(directory: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    return directory


def test_a_dry_run_shows_the_diff_and_writes_nothing(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path, "--dry-run")

    assert ended.returncode == 0, ended.stderr
    assert "+configure(globals())\n" in ended.stdout
    assert "\x1b" not in ended.stdout
    assert tree(tmp_path) == before


def test_nothing_is_written_without_an_answer(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))

    ended = init(tmp_path)

    assert ended.returncode == 2
    assert "Standard input is not a terminal; add --yes" in ended.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("layout", "first", "runner"),
    [
        ("uv", ["uv", "lock"], ["uv", "run"]),
        ("settings package", ["WEBAPP_RUNTIME=aws_lambda", "webapp", "check", "--explain"], []),
    ],
)
def test_the_output_ends_with_the_next_two_commands(tmp_path: Path, layout: str, first: list[str], runner: list[str]):
    make(tmp_path, layout)

    ended = init(tmp_path, "--yes")

    commands = [line.split("  ")[1].split() for line in ended.stderr.splitlines() if line.startswith("  ")]
    assert commands == [first, [*runner, "webapp", "compare"]]


def test_undo_restores_the_tree(tmp_path: Path):
    before = tree(make(tmp_path, "settings package"))
    init(tmp_path, "--yes")

    ended = init(tmp_path, "--undo")

    assert ended.returncode == 0, ended.stderr
    assert tree(tmp_path) == before


def test_a_zappa_file_gives_webapp_toml(tmp_path: Path):
    make(tmp_path, "pip")
    settings = {"dev": {"project_name": "shop", "aws_region": "eu-west-1", "s3_bucket": "b"}}
    (tmp_path / "zappa_settings.json").write_text(json.dumps(settings))
    before = tree(tmp_path)

    ended = init(tmp_path, "--yes")

    assert tomllib.loads((tmp_path / "webapp.toml").read_text())["project"] == "shop", ended.stderr
    assert "s3_bucket: not needed" in ended.stderr
    init(tmp_path, "--undo")
    assert tree(tmp_path) == before


def test_the_image_installs_the_vendored_wheel(tmp_path: Path):
    make(tmp_path, "pip, pyproject")

    ended = init(tmp_path, "--yes")

    (wheel,) = (tmp_path / "vendor").iterdir()
    assert f" -r /opt/requirements.txt ./vendor/{wheel.name}\n" in (tmp_path / "Dockerfile").read_text(), ended.stderr
    assert f"no index has it; outside the image, install ./vendor/{wheel.name}[" in ended.stderr


def test_a_zappa_file_without_a_project_gives_only_webapp_toml(tmp_path: Path):
    settings = {"dev": {"project_name": "shop", "aws_region": "eu-west-1"}}
    (tmp_path / "zappa_settings.json").write_text(json.dumps(settings))
    before = tree(tmp_path)

    ended = init(tmp_path, "--yes")

    assert ended.returncode == 0, ended.stderr
    assert tomllib.loads((tmp_path / "webapp.toml").read_text())["region"] == "eu-west-1"
    assert (
        "note: zappa_settings.json is converted to webapp.toml, but no project is adopted: no manage.py" in ended.stderr
    )
    init(tmp_path, "--undo")
    assert tree(tmp_path) == before


def test_init_passes_options_on_to_deploy(tmp_path: Path):
    make(tmp_path, "pip")

    ended = init(tmp_path, "--yes", "--deploy", "--project", "kiosk", "--region", "eu-west-1")

    assert tomllib.loads((tmp_path / "webapp.toml").read_text())["project"] == "kiosk", ended.stderr


def test_undo_needs_no_readable_pyproject(tmp_path: Path):
    before = tree(make(tmp_path, "pip"))
    init(tmp_path, "--yes")
    (tmp_path / "pyproject.toml").write_text("[project")

    refused = init(tmp_path, "--undo")
    ended = init(tmp_path, "--undo", "--keep-edited")

    assert refused.returncode == 2
    assert "pyproject.toml was edited after" in refused.stderr
    assert refused.stderr.endswith("webapp init --undo --keep-edited\n")
    assert ended.returncode == 0, ended.stderr
    assert "not changed: pyproject.toml\n" in ended.stderr
    left = tree(tmp_path)
    assert left.pop("pyproject.toml")[1] == b"[project"
    assert left == before


def test_undo_ignores_a_damaged_pyproject_of_a_parent_folder(tmp_path: Path):
    make(tmp_path, "settings package")
    init(tmp_path, "--yes")
    (tmp_path.parent / "pyproject.toml").write_text("[project")
    try:
        ended = init(tmp_path, "--undo")
    finally:
        (tmp_path.parent / "pyproject.toml").unlink()

    assert ended.returncode == 0, ended.stderr


def test_the_project_is_found_from_a_subfolder(tmp_path: Path):
    before = tree(make(tmp_path, "src"))

    shown = init(tmp_path / "src/shop", "--dry-run")
    init(tmp_path / "src", "--yes")

    assert f"the project is in {tmp_path}\n" in shown.stderr
    assert "+++ b/src/shop/settings.py" in shown.stdout
    assert (tmp_path / "compare.toml").exists()
    assert init(tmp_path / "src/shop", "--undo").returncode == 0
    assert tree(tmp_path) == before


VARIABLES = SETTINGS + 'import os\nSECRET_KEY = os.environ["SHOP_KEY"]\nDEBUG = os.getenv("SHOP_DEBUG") == "1"\n'


def test_variables_that_the_settings_read_are_listed(tmp_path: Path):
    write(tmp_path, {**PLAIN, "shop/settings.py": VARIABLES})

    ended = init(tmp_path, "--yes", SHOP_KEY="very-secret", SHOP_DEBUG="0")

    block = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["webapp"]
    assert block["environment"] == ["SHOP_KEY"], ended.stderr
    assert "SHOP_KEY=unused" in (tmp_path / "Dockerfile").read_text()
    assert not any(b"very-secret" in (content or b"") for _, content in tree(tmp_path).values())


def test_a_debug_variable_that_is_needed_is_listed_and_noted(tmp_path: Path):
    write(tmp_path, {**PLAIN, "shop/settings.py": SETTINGS + 'import os\nDEBUG = os.environ["DEBUG"] == "1"\n'})

    ended = init(tmp_path, "--yes", DEBUG="1")

    block = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["webapp"]
    assert block["environment"] == ["DEBUG"], ended.stderr
    assert "note: the settings do not load without DEBUG, so environment of [tool.webapp] lists it, and" in ended.stderr
    assert "sets DEBUG, which is refused" not in ended.stderr
    workload = load_workload(tmp_path / "compare.toml", settings_module="shop.settings")
    assert workload.application.environment == {"DEBUG": "0"}


def test_the_workload_turns_off_a_debug_variable_from_a_file(tmp_path: Path):
    read = "import os\nfrom dotenv import load_dotenv\nload_dotenv()\nDEBUG = os.getenv('SHOP_DEBUG') == '1'\n"
    write(tmp_path, {**PLAIN, "shop/settings.py": SETTINGS + read, ".env": "SHOP_DEBUG=1\n"})

    ended = init(tmp_path, "--yes")

    assert "refused on every runtime but local; a new compare.toml sets SHOP_DEBUG to 0" in ended.stderr
    workload = load_workload(tmp_path / "compare.toml", settings_module="shop.settings")
    assert workload.application.environment == {"SHOP_DEBUG": "0"}
    assert "environment" not in (tmp_path / "pyproject.toml").read_text()


# django-environ reads os.environ and converts the value.
ENVIRON = """
import os


class Env:
    def bool(self, var, default):
        try:
            value = os.environ[var]
        except KeyError:
            return default
        return value.lower() in ("true", "on", "ok", "y", "yes", "1")
"""


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ('DEBUG = environ.Env().bool("DEBUG", default=True)', "DEBUG", "0"),
        ('DEBUG = bool(int(os.getenv("SHOP_DEBUG", "1")))', "SHOP_DEBUG", "0"),
        ('DEBUG = os.environ.get("DEBUG_MODE", "True") != "False"', "DEBUG_MODE", "False"),
        ('SQL_DEBUG = os.getenv("SQL_DEBUG")\nDEBUG = os.getenv("WEB_DEBUG", "yes") == "yes"', "WEB_DEBUG", "0"),
        ('DEBUG = os.getenv("DEBUG", "1") == "1"\nKEY = DEBUG or os.environ["KEY"]', "DEBUG", "0"),
    ],
)
def test_a_debug_variable_that_is_on_by_default_is_turned_off(tmp_path: Path, line: str, name: str, value: str):
    settings = f"{SETTINGS}import os\nimport environ\n{line}\n"
    write(tmp_path, {**PLAIN, "shop/settings.py": settings, "environ.py": ENVIRON})

    ended = init(tmp_path, "--yes")

    assert (
        "note: shop.settings sets DEBUG, which is refused on every runtime but local; that is the default of "
        f"{name}, so a new compare.toml sets {name} to {value}; set it where you deploy too\n"
    ) in ended.stderr
    workload = load_workload(tmp_path / "compare.toml", settings_module="shop.settings")
    assert workload.application.environment == {name: value}


def test_a_debug_that_no_variable_turns_off_gets_a_note(tmp_path: Path):
    lines = 'import os\nSQL_DEBUG = os.getenv("SQL_DEBUG")\nDEBUG = True\n'
    write(tmp_path, {**PLAIN, "shop/settings.py": SETTINGS + lines})

    ended = init(tmp_path, "--yes")

    assert "is refused on every runtime but local; set it to False, or read it from a variable\n" in ended.stderr
    assert "environment" not in (tmp_path / "compare.toml").read_text()


MANAGE_WITH_PATH = MANAGE.format(settings="shop.settings") + 'import sys\nsys.path.insert(0, "apps")\n'
MANAGE_WITH_ENV = MANAGE.format(settings="shop.settings") + "from dotenv import load_dotenv\nload_dotenv()\n"
APPS = SETTINGS.replace('["django.contrib.staticfiles"]', '["django.contrib.staticfiles", "blog"]')


def test_variables_that_manage_py_loads_get_a_note(tmp_path: Path):
    write(tmp_path, {**PLAIN, "manage.py": MANAGE_WITH_ENV, ".env": "SHOP_KEY=a\n", "requirements.txt": "django\n"})

    ended = init(tmp_path, "--dry-run")

    note = (
        "manage.py reads .env with load_dotenv(), but no runtime runs it; make that call at the top of shop/settings.py"
    )
    assert f"note: {note}\n" in ended.stderr


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


@pytest.mark.parametrize(
    ("source", "command"),
    [("requirements.in", "pip-compile requirements.in"), ("server.in", "pip-compile server.in -o requirements.txt")],
)
def test_the_command_that_compiles_the_requirements_is_printed(tmp_path: Path, source: str, command: str):
    compiled = f"asgiref==3.8.1  # via django\ndjango==5.2.1  # via -r {source}\n"
    write(tmp_path, {**PLAIN, source: "django\n", "requirements.txt": compiled})

    ended = init(tmp_path, "--yes")

    lines = [" ".join(line.split()) for line in ended.stderr.splitlines()]
    assert f"{command} adds the new line to requirements.txt" in lines, ended.stderr
    assert (tmp_path / "requirements.txt").read_text() == compiled
    assert "django-runtimes" in (tmp_path / source).read_text().lower().replace("_", "-")


@pytest.mark.parametrize("name", ["compare.toml", "Dockerfile", ".dockerignore"])
def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path, name: str):
    before = tree(write(tmp_path, {**PLAIN, f"{name}/notes.txt": ""}))

    ended = init(tmp_path, "--yes")

    complaint = f"webapp init: {name} is a folder, but webapp init writes a file of this name; rename the folder\n"
    assert (ended.returncode, complaint in ended.stderr) == (2, True), ended.stderr
    assert tree(tmp_path) == before
