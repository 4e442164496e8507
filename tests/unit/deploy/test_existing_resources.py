"""The tables that name an existing network, an existing database or a snapshot."""

import shutil
import tomllib
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, NETWORK, ROTATION
from django_runtimes.deploy.configuration import Deployment, choose_deployment, parse_configuration
from django_runtimes.deploy.templates.parameters import read_templates, stack_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, find_templates

HEAD = """
project = "guestbook"
region = "eu-central-1"
[parameters]
Credentials = "secretsmanager"
InstanceClass = "db.t4g.medium"
[stages.dev]
target = "aws_lambda"
"""
VPC = """
[stages.dev.network]
vpc = "vpc-1"
private_subnets = ["subnet-1", "subnet-2"]
"""
SERVER = """
[stages.dev.database]
host = "orders.abc.eu-central-1.rds.amazonaws.com"
identifier = "orders"
resource_id = "db-ABC"
security_group = "sg-1"
name = "orders"
operations_user = "postgres"
secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-a1B2c3"
"""
SNAPSHOT = """
[stages.dev.database]
snapshot = "rds:orders-2026-11-29-03-12"
name = "orders"
operations_user = "postgres"
"""


def deployment(tables: str) -> Deployment:
    return choose_deployment(parse_configuration(tomllib.loads(HEAD + tables), Path("/project")), None, None)


def parameters(tables: str) -> dict[str, dict[str, str]]:
    chosen = deployment(tables)
    templates = read_templates(chosen, find_templates(Path("/project")))
    return {
        stack.name: stack_parameters(chosen, stack, templates[stack.name]) for stack in (NETWORK, DATABASE, ROTATION)
    }


def error_text(tables: str) -> str:
    with pytest.raises(UsageError) as raised:
        parameters(tables)
    return str(raised.value)


def test_the_tables_become_parameters_of_the_other_templates():
    found = parameters(VPC + SERVER)

    # The instance class in [parameters] is meant for stages with a database of their own.
    assert found == {
        "network": {
            "Project": "guestbook",
            "Stage": "dev",
            "VpcId": "vpc-1",
            "PrivateSubnets": "subnet-1,subnet-2",
        },
        "database": {
            "Project": "guestbook",
            "Stage": "dev",
            "Credentials": "secretsmanager",
            "Host": "orders.abc.eu-central-1.rds.amazonaws.com",
            "Identifier": "orders",
            "ResourceId": "db-ABC",
            "SecurityGroup": "sg-1",
            "DatabaseName": "orders",
            "OperationsUser": "postgres",
            "OperationsSecret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-a1B2c3",
        },
        # The administrator's secret belongs to its owner, who rotates it.
        "rotation": {"Project": "guestbook", "Stage": "dev", "RotateOperationsLogin": "no"},
    }


def test_a_snapshot_needs_the_stages_own_template():
    found = parameters(SNAPSHOT)

    assert found["database"] == {
        "Project": "guestbook",
        "Stage": "dev",
        "Production": "no",
        "Credentials": "secretsmanager",
        "InstanceClass": "db.t4g.medium",
        "Snapshot": "rds:orders-2026-11-29-03-12",
        "DatabaseName": "orders",
        "OperationsUser": "postgres",
    }
    assert found["rotation"]["RotateOperationsLogin"] == "yes"


def test_without_tables_the_stage_has_everything_of_its_own():
    found = parameters("")

    assert found["network"] == {"Project": "guestbook", "Stage": "dev"}
    assert found["rotation"]["RotateOperationsLogin"] == "yes"


@pytest.mark.parametrize(
    ("secret", "is_rotated"),
    [("orders-a1B2c3", True), ("rds!db-1234-a1B2c3", False)],
)
def test_a_secret_of_rds_has_no_host_for_the_rotation(secret: str, is_rotated: bool):
    existing = deployment(VPC + SERVER.replace("orders-a1B2c3", secret)).existing

    assert existing.has_secret_for_rotation is is_rotated


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (VPC.replace("vpc =", "vcp ="), "[stages.dev.network] has no key 'vcp'; did you mean 'vpc'?"),
        (VPC.replace('vpc = "vpc-1"\n', ""), "[stages.dev.network] lacks vpc; `webapp docs deploy` shows the tables"),
        (
            VPC.replace('["subnet-1", "subnet-2"]', '"subnet-1"'),
            "[stages.dev.network] private_subnets = 'subnet-1' is not a list of subnet IDs in quotes; correct it",
        ),
        (
            VPC.replace('["subnet-1", "subnet-2"]', '["subnet-1"]'),
            "[stages.dev.network] private_subnets = 'subnet-1' must be the IDs of two or more subnets, such as "
            "subnet-0123456789abcdef0; correct it",
        ),
        (
            VPC.replace('"vpc-1"', '"main"'),
            "[stages.dev.network] vpc = 'main' must be the ID of a VPC, such as vpc-0123456789abcdef0; correct it",
        ),
        (SERVER, "names an existing database, which the stage's own network cannot reach; name the database's VPC"),
        (
            VPC + SERVER.replace('host = "', 'port = "5432"\nhost = "'),
            "[stages.dev.database] port = '5432' is not a number; correct it",
        ),
        (
            VPC + SERVER.replace('host = "', 'security_group_rules = "no"\nhost = "'),
            "[stages.dev.database] security_group_rules = 'no' is not true or false; correct it",
        ),
        (
            VPC + SERVER.replace('resource_id = "db-ABC"\nsecurity_group = "sg-1"\n', ""),
            "[stages.dev.database] lacks resource_id, security_group;",
        ),
        (
            SNAPSHOT + 'host = "orders.example"\n',
            "[stages.dev.database] has snapshot and host; keep host for an existing database, or snapshot for a new",
        ),
        (SNAPSHOT + "port = 5433\n", "[stages.dev.database] has no key 'port'"),
        (
            '[stages.dev.parameters]\nVpcId = "vpc-1"\n',
            "VpcId is set by [stages.….network] or [stages.….database]; move it there",
        ),
        (
            '[stages.dev.parameters.database]\nSnapshot = "orders"\n',
            "Snapshot is set by [stages.….network] or [stages.….database]; move it there",
        ),
    ],
)
def test_mistakes_in_the_tables_are_named(tables: str, expected: str):
    assert expected in error_text(tables)


@pytest.mark.parametrize(
    ("name", "before"),
    [("foundation/database.yaml", "  Snapshot:\n"), ("operations/template.yaml", "WEBAPP_DB_NAME")],
)
def test_an_older_copy_of_the_templates_cannot_ignore_a_snapshot(tmp_path: Path, name: str, before: str):
    copy = tmp_path / "deploy"
    shutil.copytree(find_templates(Path("/project")).directory, copy)
    template = copy / name
    assert before in template.read_text()
    template.write_text(template.read_text().replace(before, before.replace("Snapshot", "Other").replace("NAME", "X")))
    source = TemplateSource(copy, is_of_project=True)

    read_templates(deployment(""), source)
    with pytest.raises(UsageError, match=r"is older than \[stages\.dev\.database\]; copy the templates of"):
        read_templates(deployment(SNAPSHOT), source)
