"""A stage on an existing network and database leaves both as they were; a stage may start from a snapshot."""

import json
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry
from tests.deploy.verbs.existing_account import DATABASE_TABLE, GROUP, NETWORK_TABLE, SNAPSHOT_TABLE

pytestmark = pytest.mark.profile_free

# RDS names the log after the database.
LOG = "/aws/rds/instance/guestbook-dev/postgresql"


def configure(project: Project, tables: str) -> None:
    """Add tables to webapp.toml."""
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text() + tables)


def rules_of(aws: StandIn) -> list[dict[str, Any]]:
    """Return the rules of the existing security group."""
    (group,) = aws.existing()["existing security group"]
    rules: list[dict[str, Any]] = group["IpPermissions"]
    return rules


def stacks_of(aws: StandIn) -> set[str]:
    described = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"].removeprefix("guestbook-dev-") for each in described}


def output(aws: StandIn, stack: str, name: str) -> str:
    (described,) = aws.client("cloudformation").describe_stacks(StackName=f"guestbook-dev-{stack}")["Stacks"]
    return next(each["OutputValue"] for each in described["Outputs"] if each["OutputKey"] == name)


@pytest.fixture
def existing(make_project, aws_with_database: StandIn) -> tuple[Project, StandIn]:
    """A project whose stage names a network and a database, which has the name and a protection of the stage's own."""
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    account.add_network(aws)
    account.add_database(aws)
    configure(project, NETWORK_TABLE + DATABASE_TABLE)
    create_registry(aws)
    return project, aws


def test_deploys_and_destroys_leave_the_existing_resources_alone(existing: tuple[Project, StandIn]):
    project, aws = existing
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=LOG)
    logs.put_retention_policy(logGroupName=LOG, retentionInDays=365)
    before, by_hand = aws.existing(), rules_of(aws)
    assert len(by_hand) == len(before["database Instance"]) == 1

    first = aws.push("guestbook", "v1")
    assert project.json("deploy", "--image", first, "--yes")["digest"] == first
    application, proxy = (output(aws, "security-groups", f"{name}Group") for name in ("Application", "Proxy"))
    added = [rule for rule in rules_of(aws) if rule not in by_hand]
    second = aws.push("guestbook", "v2")
    assert project.json("deploy", "--image", second, "--yes")["digest"] == second
    kept = project.run("destroy", "--yes")

    # Without --data only what runs goes.
    assert {"network", "database"} <= stacks_of(aws)
    assert "to leave alone, since it is not the stage's own: vpc-0a1, the database guestbook-dev" in kept.stderr
    assert {(rule["FromPort"], rule["UserIdGroupPairs"][0]["GroupId"]) for rule in added} == {
        (5433, application),
        (5433, proxy),
    }
    # What the stacks were created with decides, not what webapp.toml says now.
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text().replace(NETWORK_TABLE + DATABASE_TABLE, ""))
    project.run("destroy", "--data", "--yes")
    assert stacks_of(aws) == {"guestbook-registry"}
    assert aws.existing() == before
    left = logs.describe_log_groups(logGroupNamePrefix="/aws/rds/instance/")["logGroups"]
    assert [(each["logGroupName"], each["retentionInDays"]) for each in left] == [(LOG, 365)]
    assert_permitted(aws)


def test_nothing_is_created_on_a_network_that_does_not_fit(existing: tuple[Project, StandIn]):
    project, aws = existing
    account.add_subnet(aws, account.PRIVATE[1], zone="a")
    account.add_database(aws, Engine="mysql")
    aws.limit_executions(100)
    image = aws.push("guestbook", "v1")
    expected = [
        "[stages.dev.network] private_subnets are all in us-east-1a; name subnets in at least two availability zones",
        "the instance guestbook-dev runs mysql; name a PostgreSQL database",
        "Lambda will reserve 51 of the account's 100 concurrent executions; 0 are available",
    ]

    # All of them are found at once, and the same ones by each verb.
    for verb in (("deploy", "--image", image, "--yes"), ("deploy", "--image", image, "--dry-run")):
        message = project.error(*verb)
        assert message.startswith("webapp deploy: nothing was created, since the deploy would fail: ")
        assert [part for part in expected if part not in message] == []
    examined = json.loads(project.run("doctor", "aws", "--json", exit_code=1).stdout)["sections"][0]["findings"]
    wrong = [f"{each['text']}; {each['remedy']}" for each in examined if each["level"] == "wrong"]
    assert [part for part in expected if not any(f"dev, aws_lambda: {part}" in each for each in wrong)] == []
    assert stacks_of(aws) == {"guestbook-registry"}


@pytest.mark.verbs
def test_a_live_stage_keeps_its_network_and_database(existing: tuple[Project, StandIn]):
    project, aws = existing
    image = aws.push("guestbook", "v1")
    project.run("deploy", "--image", image, "--yes")
    executed = aws.calls().count("cloudformation:ExecuteChangeSet")
    path = project.directory / "webapp.toml"
    text = path.read_text()
    changes = {
        text.replace(DATABASE_TABLE, ""): "[stages.dev.database] names no existing database, but the stage uses one",
        text.replace(NETWORK_TABLE + DATABASE_TABLE, ""): "[stages.dev.network] names no existing network, but the",
        text.replace(
            'name = "orders"', 'name = "other"'
        ): "[stages.dev.database] name of guestbook, dev, is 'orders' and "
        "cannot become 'other', since other stacks depend on its result; set it back in webapp.toml, or deploy",
        text.replace('["subnet-0a1", "subnet-0a2"]', '["subnet-0a2", "subnet-0a1"]'): "[stages.dev.network] "
        "private_subnets of guestbook, dev, is 'subnet-0a1,subnet-0a2' and cannot become 'subnet-0a2,subnet-0a1'",
    }

    for changed, expected in changes.items():
        path.write_text(changed)
        assert expected in project.error("deploy", "--image", image, "--yes", exit_code=2)

    assert aws.calls().count("cloudformation:ExecuteChangeSet") == executed


@pytest.mark.verbs
def test_a_stage_with_a_database_of_its_own_keeps_it(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    project.run("deploy", "--image", image, "--yes")
    account.add_network(aws)
    account.add_group(aws, GROUP)
    account.add_snapshot(aws)
    path = project.directory / "webapp.toml"
    text = path.read_text()
    executed = aws.calls().count("cloudformation:ExecuteChangeSet")

    for tables, expected in {
        NETWORK_TABLE: "[stages.dev.network] names an existing network, but the stage has a network of its own, "
        "which the deploy would delete; remove the table from webapp.toml, or deploy to another stage or project",
        SNAPSHOT_TABLE: "[stages.dev.database] snapshot of guestbook, dev, is '' and cannot become 'orders-before', "
        "since CloudFormation would create another database in place of this one",
    }.items():
        path.write_text(text + tables)
        assert expected in project.error("deploy", "--image", image, "--yes", exit_code=2)

    assert aws.calls().count("cloudformation:ExecuteChangeSet") == executed


@pytest.mark.verbs
def test_a_database_that_started_from_a_snapshot_is_the_stages_own(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    account.add_snapshot(aws)
    configure(project, SNAPSHOT_TABLE)
    image = aws.push("guestbook", "v1")

    said = project.run("deploy", "--image", image, "--yes").stderr
    (database,) = aws.existing()["database Instance"]
    # The snapshot is only needed once.
    aws.delete_existing("database snapshot", account.SNAPSHOT)
    project.run("deploy", "--image", image, "--yes")
    path = project.directory / "webapp.toml"
    text = path.read_text()
    path.write_text(text.replace(SNAPSHOT_TABLE, ""))
    refused = project.error("deploy", "--image", image, "--yes", exit_code=2)
    path.write_text(text)
    project.run("destroy", "--data", "--yes")

    assert "may read and write rows" in said
    assert database["properties"]["DBSnapshotIdentifier"] == "orders-before"
    assert "is 'orders-before' and cannot become ''" in refused
    left = aws.existing()
    assert left["database Instance"] == []
    assert [each["database"] for each in left["database snapshot"]] == ["guestbook-dev"]
