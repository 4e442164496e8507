"""Finds the variables that a project's settings read."""

from pathlib import Path

import pytest

from django_runtimes.project_files.reading.inspection import inspect_project
from django_runtimes.project_files.reading.layout import find_layout
from tests.integration.project_files.projects import SETTINGS
from tests.integration.project_files.reading.shop import make_shop


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("redis://:secret@cache.example/0", "redis://127.0.0.1/unused"),
        ("587", "1"),
        ("True", "false"),
        ("secret", "unused"),
    ],
)
def test_values_of_variables_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, shape: str):
    monkeypatch.setenv("SHOP_VALUE", value)
    make_shop(
        tmp_path, settings=SETTINGS + 'import os\nVALUE = os.environ.get("SHOP_VALUE")\nB = os.getenv("SHOP_B")\n'
    )

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_VALUE": shape}
    assert found.variables["SHOP_B"] is None


def test_optional_variables_of_the_database_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("SHOP_DB_HOST", "SHOP_DB_PASSWORD"):
        monkeypatch.setenv(name, name.lower())
    lines = 'DATABASES["default"]["HOST"] = os.environ.get("SHOP_DB_HOST", "127.0.0.1")\n'
    lines += 'DATABASES["default"]["PASSWORD"] = os.environ["SHOP_DB_PASSWORD"]\n'
    make_shop(tmp_path, settings=f"import os\n{SETTINGS}{lines}")

    found = inspect_project(find_layout(tmp_path, settings=None))

    # The settings do not load without the password's variable.
    assert set(found.own_variables) == {"SHOP_DB_PASSWORD"}


# python-decouple reads the environment first, then .env beside the settings or in a folder above.
DECOUPLE = """
import os
from pathlib import Path


class Undefined:
    pass


undefined = Undefined()


class Config:
    def get(self, option, default=undefined):
        if option in os.environ:
            return os.environ[option]
        lines = (Path(__file__).parent / ".env").read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        if option in values:
            return values[option]
        if isinstance(default, Undefined):
            raise RuntimeError(f"{option} not found")
        return default


config = Config().get
"""


def test_variables_that_decouple_reads_from_a_file_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_URL", "https://shop.example/")
    lines = "from decouple import config\nKEY = config('SHOP_KEY')\nURL = config('SHOP_URL')\n"
    lines += "DEBUG = config('DEBUG', default=False)\nNAME = config('SHOP_NAME', default='')\n"
    make_shop(tmp_path, settings=f"{SETTINGS}{lines}")
    (tmp_path / "decouple.py").write_text(DECOUPLE)
    (tmp_path / ".env").write_text("SHOP_KEY=very-secret\nDEBUG=\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_KEY": "unused", "SHOP_URL": "https://127.0.0.1/unused"}
    assert {"DEBUG", "SHOP_NAME"} <= found.optional


# django-environ puts the lines of .env into os.environ, and a scheme has the defaults.
ENVIRON = """
import os
from pathlib import Path


class NoValue:
    pass


class Env:
    NOTSET = NoValue()

    def __init__(self, **scheme):
        self.scheme = scheme

    @staticmethod
    def read_env(path):
        for line in Path(path).read_text().splitlines():
            os.environ.setdefault(*line.split("=", 1))

    def __call__(self, var, cast=None, default=NOTSET):
        return self.get_value(var, cast=cast, default=default)

    def get_value(self, var, cast=None, default=NOTSET):
        if var in self.scheme and default is self.NOTSET:
            default = self.scheme[var][1]
        try:
            return os.environ[var]
        except KeyError:
            if default is self.NOTSET:
                raise RuntimeError(f"Set {var}") from None
            return default
"""


def test_defaults_in_the_scheme_of_django_environ_are_found(tmp_path: Path):
    lines = "import environ\nenv = environ.Env(DEBUG=(bool, False))\n"
    lines += "env.read_env(Path(__file__).parent.parent / '.env')\n"
    lines += "DEBUG = env('DEBUG') == 'on'\nKEY = env('SHOP_KEY')\n"
    make_shop(tmp_path, settings=f"from pathlib import Path\n{SETTINGS}{lines}")
    (tmp_path / "environ.py").write_text(ENVIRON)
    (tmp_path / ".env").write_text("SHOP_KEY=very-secret\nDEBUG=on\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_KEY": "unused"}
    assert found.needed_debug is None
    assert found.debug_off == ("DEBUG", "0")


def test_variables_of_pydantic_settings_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("shop_port", "8000")
    lines = """
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Values(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="shop_", env_file=".env", extra="ignore")
    key: str
    port: int
    name: str = ""
    token: str = Field(validation_alias="PAYMENT_TOKEN")


KEY = Values().key
"""
    make_shop(tmp_path, settings=f"{SETTINGS}{lines}")
    (tmp_path / ".env").write_text("# payments\nexport PAYMENT_TOKEN='very-secret'\nSHOP_KEY=secret\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == {"SHOP_KEY": "unused", "SHOP_PORT": "1", "PAYMENT_TOKEN": "unused"}
    assert found.variables["SHOP_NAME"] is None


@pytest.mark.parametrize(
    ("line", "is_listed"),
    [
        ('os.environ["SHOP_DEBUG"]', True),
        ('os.environ.get("SHOP_DEBUG")', False),
        ('os.getenv("SHOP_DEBUG", "0")', False),
        ('"SHOP_DEBUG" in os.environ', False),
        ('os.environ.setdefault("SHOP_DEBUG", "0")', False),
        ('os.environ.get("SHOP_DEBUG") and os.environ["SHOP_DEBUG"]', True),
    ],
)
def test_a_debug_variable_is_listed_if_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, is_listed: bool
):
    monkeypatch.setenv("SHOP_DEBUG", "1")
    make_shop(tmp_path, settings=f"import os\n{SETTINGS}SWITCH = {line}\n")

    found = inspect_project(find_layout(tmp_path, settings=None))

    assert found.own_variables == ({"SHOP_DEBUG": "1"} if is_listed else {})
    assert found.needed_debug == ("SHOP_DEBUG" if is_listed else None)
