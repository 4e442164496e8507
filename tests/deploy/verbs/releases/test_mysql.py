"""Verbs take a stage on MariaDB from its first deploy to its end; its processes use a real MariaDB."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest

from django_runtimes.compare.services.mariadb import MariadbServer
from tests.deploy.standin.overlay import PATIENCE
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry, digests

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs, pytest.mark.needs("mariadbd")]

HEADING = "[stages.dev.parameters]\n"
CHOICE = 'DatabaseSystem = "mariadb"\nEgress = "nat"\n'


def ask(server: MariadbServer, statement: str) -> list[str]:
    """Return the first column of the statement's rows, as the administrator."""
    address = urlsplit(server.administration_url)
    login = {"user": address.username, "password": address.password}
    connection = pymysql.connect(host="127.0.0.1", port=server.port, autocommit=True, **login)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()]


@pytest.fixture
def aws_on_mariadb(tmp_path: Path, mariadb_server: MariadbServer, shared_moto: str) -> Iterator[StandIn]:
    """An empty AWS whose processes connect to an empty database of a real MariaDB, which has the web user not yet."""
    name = f"standin_{secrets.token_hex(4)}"
    ask(mariadb_server, f"CREATE DATABASE {name}")
    administrator = urlsplit(mariadb_server.administration_url)
    address = {"HOST": "127.0.0.1", "PORT": str(mariadb_server.port)}
    overlay: dict[str, str | None] = {
        **{f"WEBAPP_DB_{key}": value for key, value in address.items()},
        **{f"WEBAPP_DB_PROXY_{key}": value for key, value in address.items()},
        "WEBAPP_DB_NAME": name,
        "WEBAPP_DB_USER": name,
        "WEBAPP_DB_PASSWORD": secrets.token_hex(16),
        "WEBAPP_DB_CREDENTIALS": "password",
        "WEBAPP_DB_SECRET_ARN": None,
        "WEBAPP_DB_OPERATIONS_USER": administrator.username,
        "WEBAPP_DB_OPERATIONS_PASSWORD": administrator.password,
        "WEBAPP_DB_OPERATIONS_SECRET_ARN": None,
        "WEBAPP_MEDIA_BUCKET": None,
        **PATIENCE,
    }
    with standin(tmp_path / "aws", overlay=overlay, moto=shared_moto) as running:
        yield running
    ask(mariadb_server, f"DROP DATABASE {name}")
    ask(mariadb_server, f"DROP USER IF EXISTS '{name}'@'%'")


def names_of_groups(aws: StandIn, prefix: str) -> list[str]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    return [group["logGroupName"] for group in found]


def test_verbs_take_a_stage_on_mariadb_to_its_end(make_project, aws_on_mariadb: StandIn, mariadb_server: MariadbServer):
    aws = aws_on_mariadb
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    written = path.read_text()
    path.write_text(written.replace(HEADING, HEADING + CHOICE))
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    # The first deploy creates the web user and the tables, and its page reads from the database.
    deployed = project.json("deploy", "--image", first, "--yes")
    (instance,) = aws.client("rds").describe_db_instances()["DBInstances"]
    assert deployed["digest"] == first
    assert instance["Engine"] == "mariadb"
    (database,) = ask(
        mariadb_server, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'standin%'"
    )
    tables = ask(mariadb_server, f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}'")
    assert "django_migrations" in tables
    assert ask(mariadb_server, f"SELECT User FROM mysql.user WHERE User = '{database}'") == [database]

    # Its passwords are rotated, and its logs are limited.
    assert {"guestbook-dev-proxy", "guestbook-dev-rotation"} <= set(project.json("status")["stacks"])
    assert names_of_groups(aws, "/aws/rds/instance/") == [
        "/aws/rds/instance/guestbook-dev/error",
        "/aws/rds/instance/guestbook-dev/slowquery",
    ]

    # An update and a rollback.
    project.run("deploy", "--image", second, "--yes")
    assert digests(aws) == (second, second)
    assert project.json("rollback", "--yes")["digest"] == first

    # Another system would be an empty database.
    path.write_text(written)
    assert project.error("deploy", "--image", first, "--yes", exit_code=2).endswith(
        "DatabaseSystem of guestbook, dev, is 'mariadb' and cannot become 'postgresql', since CloudFormation would "
        "create an empty database in place of this one; set it back in webapp.toml, or deploy 'postgresql' to another "
        "stage or project and move the data"
    )
    path.write_text(written.replace(HEADING, HEADING + CHOICE))
    assert "guestbook-dev-database" in project.json("destroy", "--yes")["kept"]
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert names_of_groups(aws, "/aws/rds/") == []

    assert_permitted(aws)
