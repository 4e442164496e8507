"""Verbs take stages on Oracle and SQL Server from their first deploy to their end.

No server of either kind exists here, so the processes use PostgreSQL: these tests show the stacks and the steps.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.standin.overlay import database_overlay
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

HEADING = "[stages.dev.parameters]\n"


@pytest.fixture
def aws_on_another_system(tmp_path: Path, database_server, shared_moto: str) -> Iterator[StandIn]:
    """An empty AWS whose processes use an empty database of PostgreSQL, whatever the templates say."""
    replaced = {"WEBAPP_DB_ENGINE": None, "WEBAPP_DB_ADMINISTRATOR_SECRET_ARN": None}
    with (
        database_overlay(database_server) as overlay,
        standin(tmp_path / "aws", overlay=overlay | replaced, moto=shared_moto) as running,
    ):
        yield running


def groups_of_database(aws: StandIn) -> list[str]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/rds/instance/")["logGroups"]
    return [group["logGroupName"].rpartition("/")[2] for group in found]


@pytest.mark.parametrize(
    ("system", "target", "product", "logs", "of_system"),
    [
        ("oracle-se2", "aws_lambda", "Oracle", ["alert", "listener"], set()),
        ("oracle-se2", "aws_ecs", "Oracle", ["alert", "listener"], set()),
        ("sqlserver-web", "aws_lambda", "SQL Server", ["error"], {"proxy", "rotation"}),
        ("sqlserver-web", "aws_ecs", "SQL Server", ["error"], {"rotation"}),
    ],
)
def test_verbs_take_a_stage_to_its_end(
    make_project,
    aws_on_another_system: StandIn,
    system: str,
    target: str,
    product: str,
    logs: list[str],
    of_system: set[str],
):
    aws = aws_on_another_system
    project: Project = make_project(aws.environ, target=target, smoke_timeout_s=60)
    path = project.directory / "webapp.toml"
    written = path.read_text()
    chosen = written.replace(HEADING, f'{HEADING}DatabaseSystem = "{system}"\nEgress = "nat"\n')
    path.write_text(chosen)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    # The first deploy creates the instance, and migrates without the gate.
    deployed = project.run("deploy", "--image", first, "--yes")
    (instance,) = aws.client("rds").describe_db_instances()["DBInstances"]
    assert instance["Engine"] == system
    assert f"{product} has no migration gate" in deployed.stderr
    assert re.search(r"Applying guestbook\.0001_\w+\.\.\. OK", deployed.stderr)
    stacks = {name.removeprefix("guestbook-dev-") for name in project.json("status")["stacks"]}
    assert stacks & {"proxy", "rotation"} == of_system
    assert groups_of_database(aws) == logs

    # An update and a rollback.
    assert project.json("deploy", "--image", second, "--yes")["digest"] == second
    assert project.json("rollback", "--yes")["digest"] == first

    # Another system would be an empty database.
    path.write_text(written)
    assert f"DatabaseSystem of guestbook, dev, is '{system}' and cannot become 'postgresql'" in project.error(
        "deploy", "--image", first, "--yes", exit_code=2
    )
    path.write_text(chosen)
    assert "guestbook-dev-database" in project.json("destroy", "--yes")["kept"]
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert groups_of_database(aws) == []
    (snapshot,) = aws.client("rds").describe_db_snapshots()["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == "guestbook-dev"

    assert_permitted(aws)
