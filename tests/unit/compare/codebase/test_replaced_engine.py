"""What a project is told if another engine replaces its own."""

from pathlib import Path

import pytest

from django_runtimes.cli.project.settings_check import LoadedSettings, start_python
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.codebase.preparation import check_project_databases
from django_runtimes.compare.codebase.replaced_engine import require_measurable
from django_runtimes.config.values.data_paths import Engine

_SETTINGS = """
from django_runtimes import configure

INSTALLED_APPS = []
SECRET_KEY = "a key of the tests, with more than fifty different characters in it"
DATABASES = {{"default": {{"ENGINE": "{engine}", "NAME": "shop"}}}}
configure(globals())
"""
_POSTGRESQL = "postgresql://app@127.0.0.1:5433/shop?sslmode=disable"
_MYSQL = "mysql://app@127.0.0.1:3307/shop?sslmode=prefer"
_ORACLE = "oracle://app@127.0.0.1:1521/shop?sslmode=disable"
_MSSQL = "mssql://app@127.0.0.1:1433/shop?sslmode=disable"
_DSQL = "dsql://admin@abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws"
_REMEDIES = {Engine.MYSQL: "measure it with --engine mysql"}


def checked(tmp_path: Path, engine: str, *, url: str = _POSTGRESQL) -> tuple[LoadedSettings, list[str]]:
    (tmp_path / "shop_settings.py").write_text(_SETTINGS.format(engine=engine))
    environ = {
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "PYTHONPATH": str(tmp_path),
        "DATABASE_URL": url,
        "WEBAPP_RUNTIME": "local",
    }
    return check_project_databases(
        environ, log=tmp_path / "log", directory=tmp_path, start=start_python, remedies=_REMEDIES
    )


@pytest.mark.parametrize("engine", ["django.db.backends.mysql", "django_runtimes.databases.mysql"])
def test_a_project_on_mysql_is_told_how_to_measure_it(tmp_path: Path, engine: str):
    assert checked(tmp_path, engine)[1] == [
        f"the settings have the engine {engine!r}; PostgreSQL takes its place, so this says nothing about it; measure "
        "it with --engine mysql"
    ]


@pytest.mark.parametrize("engine", ["django.db.backends.oracle", "mssql", "django_runtimes.databases.dsql"])
def test_an_engine_that_postgresql_replaces_is_named(tmp_path: Path, engine: str):
    assert checked(tmp_path, engine)[1] == [
        f"the settings have the engine {engine!r}; PostgreSQL takes its place, so this says nothing about it"
    ]


@pytest.mark.parametrize("engine", ["django.db.backends.postgresql", "django_runtimes.databases.dsql"])
def test_an_engine_that_mysql_replaces_is_named(tmp_path: Path, engine: str):
    assert checked(tmp_path, engine, url=_MYSQL)[1] == [
        f"the settings have the engine {engine!r}; MySQL takes its place, so this says nothing about it"
    ]


@pytest.mark.parametrize(
    ("engine", "url"),
    [
        ("django.db.backends.postgresql", _POSTGRESQL),
        ("django.db.backends.sqlite3", _POSTGRESQL),
        ("django.db.backends.sqlite3", _MYSQL),
        ("django.db.backends.mysql", _MYSQL),
        ("django_runtimes.databases.mysql", _MYSQL),
        # PostgreSQL's vendor, and an engine of its own.
        ("django_runtimes.databases.dsql", _DSQL),
        ("django.db.backends.sqlite3", _ORACLE),
        ("mssql", _MSSQL),
    ],
)
def test_a_project_that_expects_the_engine_is_told_nothing(tmp_path: Path, engine: str, url: str):
    assert checked(tmp_path, engine, url=url)[1] == []


def test_a_project_on_aurora_dsql_cannot_be_measured(tmp_path: Path):
    settings, _ = checked(tmp_path, "django_runtimes.databases.dsql")

    with pytest.raises(ToolError) as raised:
        require_measurable(settings)

    assert str(raised.value) == (
        "the settings have the engine 'django_runtimes.databases.dsql', and no server here stands in for Aurora DSQL, "
        "whose transactions and connections differ from PostgreSQL's; measure the deployed application with --target "
        "NAME=URL, or name settings with another engine in the workload"
    )


@pytest.mark.parametrize("engine", ["django.db.backends.mysql", "django.db.backends.postgresql"])
def test_every_other_project_can_be_measured(tmp_path: Path, engine: str):
    require_measurable(checked(tmp_path, engine)[0])
