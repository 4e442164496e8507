"""`webapp destroy` refuses protected data before deleting anything, and a failed deletion keeps the releases."""

import json

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


def application_group(aws: StandIn) -> str:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="guestbook-dev-security-groups")["Stacks"]
    return next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "ApplicationGroup")


def create_function(aws: StandIn, name: str, digest: str, *, group: str) -> None:
    """Create a function with the security group in a stack of its own."""
    properties = {
        "FunctionName": name,
        "PackageType": "Image",
        "Code": {"ImageUri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/guestbook@{digest}"},
        "Role": f"arn:aws:iam::123456789012:role/{name}",
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": [group]},
    }
    template = {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )


@pytest.mark.parametrize("option", [(), ("--data",)], ids=["kept data", "data"])
def test_the_interfaces_of_functions_are_freed_while_their_roles_exist(option, make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    before = len(aws.calls())

    said = project.run("destroy", *option, "--yes").stderr

    calls = aws.calls()[before:]
    assert calls.index("lambda:DeleteFunction") < calls.index("ec2:DeleteNetworkInterface")
    assert calls.index("ec2:DeleteNetworkInterface") < calls.index("cloudformation:DeleteStack")
    assert "Lambda frees the network interfaces of its functions (1)" in said
    assert aws.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    assert ("guestbook-dev-network" in project.json("status")["stacks"]) == (not option)
    assert_permitted(aws)


def test_interfaces_without_a_role_are_deleted_with_the_network(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    # CloudFormation alone deletes the role with the function, and Lambda does not free the interface.
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName="guestbook-dev-operations")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="guestbook-dev-operations", WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )
    assert len(aws.existing()["network interface"]) == 1

    project.run("destroy", "--data", "--yes")

    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert aws.existing()["network interface"] == []


def test_data_is_kept_while_another_function_uses_the_network(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    image = aws.push("guestbook", "v1")
    project.run("deploy", "--image", image, "--yes", exit_code=1)
    create_function(aws, "reports", image, group=application_group(aws))

    message = project.error("destroy", "--data", "--yes")
    assert message.startswith("webapp destroy: reports on Lambda has the security group ")
    assert "which --data deletes, and nothing was deleted; give the function another group or delete it" in message
    assert {"lambda:DeleteFunction", "cloudformation:DeleteStack"}.isdisjoint(aws.calls())

    # The interfaces are in use for as long as this function exists, so nothing waits for them.
    said = project.run("destroy", "--yes").stderr
    assert "Lambda frees" not in said
    assert "guestbook-dev-operations" not in project.json("status")["stacks"]
