"""Mistakes are reported before anything is created or pushed."""

from pathlib import Path

import pytest

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.image_builder import ImageBuilder
from django_runtimes.deploy.steps.image_building import build
from django_runtimes.deploy.steps.refusals.route_validation import validate_route
from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free

# A fake docker that claims to have built an image of 11 GB.
DOCKER = """#!/bin/sh
[ "$1" != image ] || echo '[{"Id": "sha256:0123", "Size": 11811160064}]'
"""


def test_a_missing_parameter_is_found_before_any_stack_is_created(make_project, aws: StandIn):
    project: Project = make_project(aws.environ, target="aws_ecs")
    create_registry(aws)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text().replace('Domain = "guestbook.example.com"\n', ""))

    message = project.error("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=2)

    assert "the stack 'load-balancer' needs Domain, which has no default" in message
    assert "cloudformation:CreateChangeSet" not in aws.calls()


def test_an_image_too_large_for_lambda_is_refused_after_the_build(make_project, tmp_path: Path):
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    project: Project = make_project({})
    consent = Consent(yes=True, dry_run=False)
    context = open_context(project.directory, stage="dev", target=None, consent=consent, progress=Progress())

    with pytest.raises(ToolError, match=r"the image is 11\.0 GB, but Lambda"):
        build(context, ImageBuilder(ContainerEngine("docker", str(program), "28")), [])


@pytest.mark.parametrize(
    ("target", "line", "expected"),
    [
        ("aws_lambda", "MemoryMb = 100", "does not accept MemoryMb = '100', which is less than 512"),
        (
            "aws_app_runner",
            'Architecture = "arm64"',
            "'arm64' is not available on aws_app_runner, which has only x86_64",
        ),
        (
            "aws_ecs_express",
            'Architecture = "arm64"',
            "'arm64' is not available on aws_ecs_express, which has only x86_64",
        ),
    ],
)
def test_an_invalid_parameter_is_found_before_any_stack_is_created(
    target: str, line: str, expected: str, make_project, aws: StandIn
):
    project: Project = make_project(aws.environ, target=target)
    path = project.directory / "webapp.toml"
    heading = "[stages.dev.parameters]\n"
    path.write_text(path.read_text().replace(heading, f"{heading}{line}\n"))

    message = project.error("deploy", "--dry-run", "--image", "sha256:" + "0" * 64, exit_code=2)

    assert expected in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('Route = "dataapi"', "Route = 'dataapi' is not a route; choose from runtime, data_api"),
        ('Engine = "postgres"', "Engine = 'postgres'"),
        (
            'DatabaseSystem = "oracle"',
            "DatabaseSystem = 'oracle' is not a database system; choose from postgresql, mariadb, mysql, oracle-se2, "
            "sqlserver-web, sqlserver-se",
        ),
    ],
)
def test_a_value_that_does_not_exist_is_refused_without_aws(line: str, expected: str, make_project):
    project: Project = make_project({})
    path = project.directory / "webapp.toml"
    heading = "[stages.dev.parameters]\n"
    path.write_text(path.read_text().replace(heading, f"{heading}{line}\n"))

    message = project.error("deploy", "--dry-run", "--image", "sha256:" + "0" * 64, exit_code=2)

    assert expected in message


DATA_API = 'Route = "data_api"'
MARIADB = 'DatabaseSystem = "mariadb"'
ORACLE = 'DatabaseSystem = "oracle-se2"'
SQL_SERVER = 'DatabaseSystem = "sqlserver-web"'


@pytest.mark.parametrize(
    ("target", "lines", "expected"),
    [
        (
            "aws_ecs",
            [DATA_API],
            "Route = 'data_api' is not available on aws_ecs: its containers are billed while the database pauses, and "
            "keep a pool of connections, which is faster than a call of the Data API for each statement; set target to "
            "'aws_lambda', or remove Route from webapp.toml",
        ),
        (
            "aws_lambda",
            [DATA_API, MARIADB],
            "DatabaseSystem = 'mariadb' does not fit Route = 'data_api', which needs 'postgresql'; remove "
            "DatabaseSystem from webapp.toml, or set it to 'postgresql' in [stages.dev.parameters]",
        ),
        (
            "aws_ecs",
            [MARIADB],
            "Credentials = 'secretsmanager' with Egress = 'none' cuts the operations function off from its secret; "
            "set Egress to 'endpoints' or 'nat' in webapp.toml ({readme} lists their prices)",
        ),
        (
            "aws_ecs",
            [MARIADB, 'Engine = "aurora"'],
            "Engine = 'aurora' does not fit DatabaseSystem = 'mariadb': it has no Aurora; set Engine to 'instance' in "
            "[stages.dev.parameters] of webapp.toml",
        ),
        (
            "aws_ecs",
            ['DatabaseSystem = "mysql"', 'Engine = "aurora"'],
            "Engine = 'aurora' does not fit DatabaseSystem = 'mysql': the templates create instances only; set Engine "
            "to 'instance' in [stages.dev.parameters] of webapp.toml",
        ),
        (
            "aws_lambda",
            [MARIADB, 'Credentials = "iam"'],
            "Credentials = 'iam' does not fit DatabaseSystem = 'mariadb': RDS creates no administrator of MariaDB that "
            "logs in with tokens; set Credentials to 'secretsmanager' in [stages.dev.parameters] of webapp.toml, or "
            "remove it",
        ),
        (
            "aws_lambda",
            [DATA_API, ORACLE],
            "DatabaseSystem = 'oracle-se2' does not fit Route = 'data_api', which needs 'postgresql'; remove "
            "DatabaseSystem from webapp.toml, or set it to 'postgresql' in [stages.dev.parameters]",
        ),
        (
            "aws_ecs",
            [ORACLE],
            "Credentials = 'secretsmanager' with Egress = 'none' cuts the operations function off from its secret; "
            "set Egress to 'endpoints' or 'nat' in webapp.toml ({readme} lists their prices)",
        ),
        (
            "aws_ecs",
            [SQL_SERVER, 'Credentials = "iam"'],
            "Credentials = 'iam' does not fit DatabaseSystem = 'sqlserver-web': RDS creates no administrator of SQL "
            "Server that logs in with tokens; set Credentials to 'secretsmanager' in [stages.dev.parameters] of "
            "webapp.toml, or remove it",
        ),
        (
            "aws_ecs",
            [SQL_SERVER, 'Engine = "aurora"'],
            "Engine = 'aurora' does not fit DatabaseSystem = 'sqlserver-web': it has no Aurora; set Engine to "
            "'instance' in [stages.dev.parameters] of webapp.toml",
        ),
        (
            "aws_lambda",
            [ORACLE, "ReservedConcurrency = 0"],
            "ReservedConcurrency = '0' limits no connections to Oracle, which RDS Proxy does not serve; set it to 1 or "
            "more in [stages.dev.parameters] of webapp.toml, or remove it",
        ),
        (
            "aws_lambda",
            [SQL_SERVER, 'Egress = "nat"', 'SqlServerVersion = "16.00"'],
            "SqlServerVersion = '16.00' is a version of SQL Server that RDS Proxy does not serve; remove it from "
            "webapp.toml, or deploy the stage to containers",
        ),
        (
            "aws_ecs",
            [SQL_SERVER, 'ReservedExecution = "no"'],
            "ReservedExecution = 'no' lets migrations of SQL Server run at the same time, which has no lock for them; "
            "remove it from webapp.toml, or set it to 'yes'",
        ),
        (
            "aws_lambda",
            [DATA_API, 'Engine = "instance"'],
            "Engine = 'instance' does not fit Route = 'data_api', which needs 'aurora'; remove Engine from "
            "webapp.toml, or set it to 'aurora' in [stages.dev.parameters]",
        ),
        (
            "aws_lambda",
            [DATA_API, 'Credentials = "iam"'],
            "Credentials = 'iam' does not fit Route = 'data_api', which needs 'secretsmanager'; remove Credentials "
            "from webapp.toml, or set it to 'secretsmanager' in [stages.dev.parameters]",
        ),
        (
            "aws_lambda",
            [DATA_API, 'Egress = "nat"'],
            "Egress = 'nat' costs money and serves nothing with Route = 'data_api', whose functions run outside the "
            "network; remove Egress from webapp.toml, or set it to 'none' in [stages.dev.parameters]",
        ),
        (
            "aws_lambda",
            [DATA_API, "MinAcu = 0.25"],
            "MinAcu = '0.25' is not a capacity of Aurora, which has steps of 0.5 ACU; correct it in webapp.toml",
        ),
        (
            "aws_ecs_express",
            ['Engine = "aurora"', "MaxAcu = 4.2"],
            "MaxAcu = '4.2' is not a capacity of Aurora, which has steps of 0.5 ACU; correct it in webapp.toml",
        ),
        (
            "aws_lambda",
            ['Engine = "aurora"', "MinAcu = 0"],
            "MinAcu = '0' is too small for RDS Proxy, which waits for more capacity until its stack fails; set it to 2 "
            "or more in webapp.toml, or remove it",
        ),
        (
            "aws_app_runner",
            ['Engine = "aurora"', "MinAcu = 0"],
            "MinAcu = '0' pauses no cluster with Route = 'runtime', since the containers keep their connections; set "
            "it to 0.5 or more in webapp.toml, or remove it",
        ),
    ],
)
def test_a_route_that_does_not_fit_is_refused(make_project, target: str, lines: list[str], expected: str):
    project: Project = make_project({}, target=target)
    path = project.directory / "webapp.toml"
    heading = "[stages.dev.parameters]\n"
    path.write_text(path.read_text().replace(heading, "\n".join([heading.rstrip(), *lines, ""])))
    consent = Consent(yes=True, dry_run=False)
    context = open_context(project.directory, stage="dev", target=None, consent=consent, progress=Progress())

    with pytest.raises(UsageError) as refused:
        validate_route(context)

    assert str(refused.value) == expected.format(readme=context.template_source.readme("foundation"))
