from pathlib import Path

from django_runtimes.cli.project.project import Project
from django_runtimes.compare.codebase.own_variables import fill_placeholders, own_variables

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
