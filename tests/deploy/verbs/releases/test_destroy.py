"""`webapp destroy` refuses protected data before deleting anything, and a failed deletion keeps the releases."""

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project, assert_permitted, create_registry

pytestmark = pytest.mark.profile_free

PRODUCTION = """
[stages.production]
target = "aws_lambda"

[stages.production.parameters]
Domain = "www.example.com"
Engine = "{engine}"
"""


@pytest.mark.parametrize(
    ("engine", "kind"), [("instance", "instance"), pytest.param("aurora", "cluster", marks=pytest.mark.verbs)]
)
def test_a_protected_database_stops_the_whole_deletion(engine: str, kind: str, make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text() + PRODUCTION.format(engine=engine))
    create_registry(aws)
    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--stage", "production", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    stacks = set(project.json("status", "--stage", "production")["stacks"])

    message = project.error("destroy", "--stage", "production", "--data", "--yes")

    assert "guestbook-production-database" in stacks
    assert "the database guestbook-production is protected from deletion, and nothing was deleted" in message
    assert f"`aws rds modify-db-{kind} --db-{kind}-identifier guestbook-production --no-deletion-protection" in message
    assert set(project.json("status", "--stage", "production")["stacks"]) == stacks
    assert "cloudformation:DeleteStack" not in aws.calls()


@pytest.mark.verbs
def test_protection_is_checked_even_for_an_incomplete_stack(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    path.write_text(path.read_text() + PRODUCTION.format(engine="aurora"))
    create_registry(aws)
    stack = "guestbook-production-database"
    aws.fail("ClusterWriter", "Insufficient capacity", stack=stack, on="create")
    project.run("deploy", "--stage", "production", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)

    message = project.error("destroy", "--stage", "production", "--data", "--yes")

    (left,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    assert left["StackStatus"] == "ROLLBACK_FAILED"
    assert "the database guestbook-production is protected from deletion, and nothing was deleted" in message
    assert "cloudformation:DeleteStack" not in aws.calls()


@pytest.mark.verbs
def test_a_failed_deletion_keeps_the_releases(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes")
    releases = project.json("status")["releases"]
    aws.fail("Api", "Not today", stack="guestbook-dev-lambda", on="delete", times=1)

    failed = project.error("destroy", "--yes")
    kept = project.json("status")["releases"]
    stuck = project.error("deploy", "--image", releases[0]["image"].rpartition("@")[2], "--yes")
    project.run("destroy", "--yes")

    assert "guestbook-dev-lambda ended in DELETE_FAILED, since Api" in failed
    assert kept == releases != []
    assert "a recovery may lose data: see DELETE_FAILED in `webapp docs deploy`" in stuck
    assert project.json("status")["releases"] == []


def test_leftover_releases_of_a_deleted_runtime_are_deleted(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    # A destroy that was killed right after the deletion leaves this release.
    name = "/webapp/guestbook/dev/aws_lambda/release"
    value = '{"schema": 1, "image": "registry/guestbook@sha256:0", "verb": "deploy"}'
    aws.client("ssm").put_parameter(Name=name, Value=value, Type="String")

    project.run("destroy", "--dry-run")
    shown = aws.client("ssm").get_parameter_history(Name=name)["Parameters"]
    project.run("destroy", "--yes")

    assert len(shown) == 1
    assert aws.client("ssm").describe_parameters()["Parameters"] == []


def test_the_network_is_deleted_after_the_interfaces_of_its_functions(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)

    project.run("destroy", "--yes")
    kept = "lambda:DeleteFunction" in aws.calls()
    project.run("deploy", "--image", aws.push("guestbook", "v2"), "--yes", exit_code=1)
    before = len(aws.calls())
    said = project.run("destroy", "--data", "--yes").stderr

    # Without --data the network stays, and so may the interfaces.
    assert not kept
    calls = aws.calls()[before:]
    assert calls.index("lambda:DeleteFunction") < calls.index("ec2:DeleteNetworkInterface")
    assert calls.index("ec2:DeleteNetworkInterface") < calls.index("cloudformation:DeleteStack")
    assert "Lambda frees the network interfaces of its functions (1)" in said
    assert aws.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert_permitted(aws)
