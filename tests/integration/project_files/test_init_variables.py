"""The variables that `webapp init` finds in the settings, DEBUG among them."""

import tomllib
from pathlib import Path

import pytest

from django_runtimes.compare.workload.reading import load_workload
from tests.integration.project_files.projects import MANAGE_WITH_ENV, PLAIN, SETTINGS, VARIABLES, tree
from tests.integration.project_files.running_init import init, write


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


def test_variables_that_manage_py_loads_get_a_note(tmp_path: Path):
    write(tmp_path, {**PLAIN, "manage.py": MANAGE_WITH_ENV, ".env": "SHOP_KEY=a\n", "requirements.txt": "django\n"})

    ended = init(tmp_path, "--dry-run")

    note = (
        "manage.py reads .env with load_dotenv(), but no runtime runs it; make that call at the top of shop/settings.py"
    )
    assert f"note: {note}\n" in ended.stderr
