"""DatabaseSystem of webapp.toml chooses the template of the database, and what follows from it."""

import itertools
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.engine_registry import engine_on_route
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, MYSQL_DATABASE, PROXY, SECRETS, DeployTarget
from django_runtimes.deploy.configuration import Deployment, parse_configuration
from django_runtimes.deploy.templates.database_system import (
    MARIADB,
    MYSQL,
    ORACLE,
    POSTGRESQL,
    SQL_SERVER_STANDARD,
    SQL_SERVER_WEB,
    SYSTEMS,
    DatabaseSystem,
    chosen_system,
)
from django_runtimes.deploy.templates.parameters import read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource
from tests.unit.deploy.templates.test_database_route import CHECKOUT, IMAGE, SOURCE

pytestmark = pytest.mark.profile_free

VPC = {"vpc": "vpc-0a1", "private_subnets": ["subnet-0a1", "subnet-0a2"]}
ORDERS = {
    "identifier": "orders",
    "host": "orders.c1.us-east-1.rds.amazonaws.com",
    "resource_id": "db-ORDERS",
    "security_group": "sg-0d1",
    "name": "orders",
    "operations_user": "admin",
}


def deployment(tables: dict[str, Any] | None = None, **parameters: Any) -> Deployment:
    stage = {"target": "aws_lambda", "parameters": parameters, **(tables or {})}
    content = {"project": "guestbook", "region": "us-east-1", "stages": {"dev": stage}}
    return Deployment(parse_configuration(content, CHECKOUT), "dev", DeployTarget.AWS_LAMBDA)


def chosen(given: Deployment, stack: str) -> dict[str, str]:
    """Return a stack's parameters without those that every stack has."""
    template = read_templates(given, SOURCE)[stack]
    named = next(each for each in (DATABASE, LAMBDA, PROXY, SECRETS) if each.name == stack)
    found = stack_parameters(given, named, template, image=IMAGE)
    usual = {"Project", "Stage", "Production", "ImageUri", "Revision"}
    return {name: value for name, value in found.items() if name not in usual}


def test_without_a_choice_the_system_is_postgresql():
    assert chosen_system([{}, {}]) is POSTGRESQL
    assert chosen_system([{"DatabaseSystem": "MariaDB"}, {}]) is MARIADB
    assert chosen_system([{"DatabaseSystem": "mariadb"}, {"DatabaseSystem": "mysql"}]) is MYSQL


def test_an_unknown_system_is_an_error():
    expected = (
        "DatabaseSystem = 'oracle' is not a database system; choose from postgresql, mariadb, mysql, oracle-se2, "
        "sqlserver-web, sqlserver-se"
    )
    with pytest.raises(UsageError, match=expected):
        read_templates(deployment(DatabaseSystem="oracle"), SOURCE)


@pytest.mark.parametrize("system", [each for each in SYSTEMS if each != "postgresql"])
def test_it_implies_a_login_with_passwords_in_every_stack(system: str):
    login = {"DatabaseSystem": system, "Credentials": "secretsmanager"}

    for stack in ("database", "secrets", "proxy"):
        assert chosen(deployment(DatabaseSystem=system), stack) == login
    # Nothing but the concurrency limits the connections of functions to Oracle.
    concurrency = {"ReservedConcurrency": "15"} if system == "oracle-se2" else {}
    assert chosen(deployment(DatabaseSystem=system), "lambda") == login | concurrency


def test_it_chooses_the_template_of_the_database():
    declared = read_templates(deployment(DatabaseSystem="mariadb"), SOURCE)["database"].parameters

    assert {"MariaDbVersion", "MySqlVersion"} <= declared.keys()
    assert not {"MajorVersion", "MinAcu"} & declared.keys()
    assert "MajorVersion" in read_templates(deployment(), SOURCE)["database"].parameters


@pytest.mark.parametrize(("system", "version"), [("oracle-se2", "OracleVersion"), ("sqlserver-se", "SqlServerVersion")])
def test_oracle_and_sql_server_have_templates_of_their_own(system: str, version: str):
    declared = read_templates(deployment(DatabaseSystem=system), SOURCE)["database"].parameters

    assert version in declared
    assert not {"MajorVersion", "MySqlVersion", "MinAcu"} & declared.keys()


@pytest.mark.parametrize("system", [ORACLE, SQL_SERVER_WEB, SQL_SERVER_STANDARD], ids=lambda each: each.value)
def test_a_class_that_a_message_suggests_has_no_graviton_processor(system: DatabaseSystem):
    assert not system.usual_class.startswith("db.t4g")


def test_an_existing_database_keeps_its_template_and_gets_the_systems_port():
    tables = {"network": VPC, "database": ORDERS}
    given = deployment(tables, DatabaseSystem="mysql")

    assert "Host" in read_templates(given, SOURCE)["database"].parameters
    assert chosen(given, "database")["Port"] == "3306"
    other = deployment({"network": VPC, "database": ORDERS | {"port": 3307}}, DatabaseSystem="mysql")
    assert chosen(other, "database")["Port"] == "3307"


def test_versions_for_other_stages_are_accepted():
    """Stages of one file may have different systems."""
    assert read_templates(deployment(MariaDbVersion="11.4", MajorVersion="17"), SOURCE)
    assert read_templates(deployment(DatabaseSystem="mariadb", MariaDbVersion="11.4", MajorVersion="17"), SOURCE)


NAMES = ("webapp", "web_app", "_webapp", "web-app", "user", *("w" * length for length in (30, 31, 57, 64)), "web app")


def accepted(system: DatabaseSystem, table: dict[str, str]) -> list[tuple[str, str]]:
    """Return the names of users and databases that a stage with such a table accepts, with their keys."""

    def given(**changed: str) -> Deployment:
        return deployment({"network": VPC, "database": table | changed}, DatabaseSystem=system.value)

    template = read_templates(given(), SOURCE)["database"]
    found = []
    for key, name in itertools.product(("user", "name"), NAMES):
        with suppress(UsageError):
            stack_parameters(given(**{key: name}), DATABASE, template)
            found.append((key, name))
    return found


class Recorder:
    """A cursor of a server that has nothing yet."""

    def execute(self, statement: str, parameters: list[str] | None = None) -> None:
        self._row = (None,) if "_ID(" in statement else None

    def fetchone(self) -> tuple[None] | None:
        return self._row


@pytest.mark.parametrize("table", [ORDERS, {"snapshot": "orders-before", "name": "ORDERS", "operations_user": "admin"}])
@pytest.mark.parametrize("system", [ORACLE, SQL_SERVER_WEB, SQL_SERVER_STANDARD], ids=lambda each: each.value)
def test_each_name_that_a_stage_accepts_can_be_created(system: DatabaseSystem, table: dict[str, str]):
    owner = engine_on_route(system.engine, Route.DIRECT).table_owner
    names = accepted(system, table)

    assert ("user", "webapp") in names
    assert ("name", "webapp") in names
    for key, name in names:
        given = {"role": "webapp", "database": "webapp"} | {"role" if key == "user" else "database": name}
        assert owner.prepare(Recorder(), password=Secret("quill"), renew_password=False, **given)


@pytest.mark.parametrize(
    ("system", "key", "name", "expected"),
    [
        (
            "oracle-se2",
            "user",
            "_orders",
            "must be a name of up to 30 letters, digits and underscores that",
        ),
        ("oracle-se2", "user", "w" * 31, "must be a name of up to 30 letters, digits and underscores that"),
        ("mysql", "user", "w" * 33, "is longer than 32 characters, the longest name of a user of MySQL; correct it"),
    ],
)
def test_a_name_that_the_server_cannot_have_is_refused(system: str, key: str, name: str, expected: str):
    given = deployment({"network": VPC, "database": ORDERS | {key: name}}, DatabaseSystem=system)

    with pytest.raises(UsageError) as refused:
        chosen(given, "database")
    assert str(refused.value).startswith(f"[stages.dev.database] {key} = '{name}' {expected}")


@pytest.mark.parametrize(
    ("system", "version", "major"),
    [
        ("postgresql", "17.5", "17"),
        ("mariadb", "10.11.9", "10.11"),
        ("mysql", "8.4.6", "8.4"),
        ("oracle-se2", "19.0.0.0.ru-2026-10.rur-2026-10.r1", "19"),
        ("sqlserver-web", "16.00.4215.2.v1", "16.00"),
    ],
)
def test_the_major_version_of_a_complete_one(system: str, version: str, major: str):
    assert SYSTEMS[system].major(version) == major


def test_an_older_copy_of_the_templates_is_refused(tmp_path: Path):
    copy = tmp_path / "deploy"
    shutil.copytree(CHECKOUT / "deploy", copy)
    (copy / MYSQL_DATABASE.template).unlink()
    proxy = copy / PROXY.template
    proxy.write_text(proxy.read_text().replace("DatabaseSystem", "Other"))
    source = TemplateSource(copy, is_of_project=True)

    assert read_templates(deployment(), source)
    with pytest.raises(UsageError, match="is older than DatabaseSystem = 'mariadb', which changes") as refused:
        read_templates(deployment(DatabaseSystem="mariadb"), source)
    assert f"changes {PROXY.template}, {MYSQL_DATABASE.template}; copy" in str(refused.value)
