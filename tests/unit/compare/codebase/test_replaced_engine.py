"""A project of another engine is told that a comparison runs it on PostgreSQL."""

from pathlib import Path

import pytest

from django_runtimes.cli.project.settings_check import start_python
from django_runtimes.compare.codebase.preparation import check_project_databases

_SETTINGS = """
from django_runtimes import configure

INSTALLED_APPS = []
SECRET_KEY = "a key of the tests, with more than fifty different characters in it"
DATABASES = {{"default": {{"ENGINE": "{engine}", "NAME": "shop"}}}}
configure(globals())
"""


def notices(tmp_path: Path, engine: str) -> list[str]:
    (tmp_path / "shop_settings.py").write_text(_SETTINGS.format(engine=engine))
    environ = {
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "PYTHONPATH": str(tmp_path),
        "DATABASE_URL": "postgresql://app@127.0.0.1:5433/shop?sslmode=disable",
        "WEBAPP_RUNTIME": "local",
    }
    _, lines = check_project_databases(environ, log=tmp_path / "log", directory=tmp_path, start=start_python)
    return lines


@pytest.mark.parametrize(
    "engine", ["django.db.backends.mysql", "django_runtimes.databases.mysql", "django_runtimes.databases.dsql"]
)
def test_an_engine_that_postgresql_replaces_is_named(tmp_path: Path, engine: str):
    assert notices(tmp_path, engine) == [
        f"the settings have the engine {engine!r}; PostgreSQL takes its place, so this says nothing about it"
    ]


@pytest.mark.parametrize("engine", ["django.db.backends.postgresql", "django.db.backends.sqlite3"])
def test_a_project_that_expects_postgresql_is_told_nothing(tmp_path: Path, engine: str):
    assert notices(tmp_path, engine) == []
