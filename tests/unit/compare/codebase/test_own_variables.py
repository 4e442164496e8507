from pathlib import Path

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import LoadedDatabase, LoadedSettings
from django_runtimes.compare.codebase.own_variables import database_notices, fill_placeholders, own_variables
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.values.data_paths import Engine

URL = "postgresql://app:p%40%7Bx%7D@127.0.0.1:5433/shop"


def test_workload_variables_override_listed_variables():
    project = Project(Path("/p"), environment=("REDIS_URL", "REPLICA_URL", "ABSENT"))

    variables = own_variables(
        project, {"REPLICA_URL": "{database_url}"}, {"REDIS_URL": "", "REPLICA_URL": "live", "HOME": "/root"}
    )

    assert variables.environ(URL) == {"REDIS_URL": "", "REPLICA_URL": URL}
    assert variables.missing == ("ABSENT",)


def test_placeholders_are_filled_with_parts_of_the_database_url():
    values = {
        "A": "{database_host}:{database_port}/{database_name}",
        "B": "{database_user}:{database_password}",
        "C": '{"json": "{other}"}',
    }

    assert fill_placeholders(values, database_url=URL) == {
        "A": "127.0.0.1:5433/shop",
        "B": "app:p@{x}",
        "C": '{"json": "{other}"}',
    }


def test_every_database_on_another_server_is_named():
    databases = {
        "default": LoadedDatabase("postgresql", Engine.POSTGRESQL, "127.0.0.1", 5433, "shop"),
        "reports": LoadedDatabase("postgresql", Engine.POSTGRESQL, "localhost", 5433, "reports"),
        "replica": LoadedDatabase("postgresql", Engine.POSTGRESQL, "db.example", 5433, "shop"),
        "legacy": LoadedDatabase("mysql", Engine.MYSQL, "127.0.0.1", 5433, "old"),
        "other": LoadedDatabase("cockroach", None, "roach.example", 26257, "bank"),
        "cache": LoadedDatabase("sqlite3", None, "", 5432, "cache.sqlite3"),
    }
    settings = LoadedSettings("config.settings", True, (), True, (), False, databases)

    replica, legacy, other = database_notices(settings, parse_database_url(URL))

    assert replica.startswith("DATABASES['replica'] is shop at db.example:5433, not on the server used here; if ")
    assert "[application.environment] of the workload: a URL to" in replica
    assert legacy.startswith("DATABASES['legacy'] is old at 127.0.0.1:5433, not on the server used here; it is used as")
    assert other.startswith("DATABASES['other'] is bank at roach.example:26257, not on the server used here; it is")
