"""Every verb is killed with SIGKILL during each of its steps and run again, on each target."""

import json
import time

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import PAGES_REFUSED, assert_permitted, create_registry
from tests.deploy.verbs.project import KillPoint, Project, after, before

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

CREATE, EXECUTE = "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"
DELETE, INVOKE = "cloudformation:DeleteStack", "lambda:Invoke"
RECORD, FORGET = "ssm:PutParameter", "ssm:DeleteParameter"
OPERATIONS = "guestbook-dev-operations"
# The stack that has the traffic, by target.
RUNTIMES = {
    "aws_lambda": "guestbook-dev-lambda",
    "aws_app_runner": "guestbook-dev-apprunner",
    "aws_ecs": "guestbook-dev-fargate",
    "aws_ecs_express": "guestbook-dev-express",
}
DATA_STACKS = {
    "guestbook-registry",
    *(f"guestbook-dev-{name}" for name in ("monitoring", "logs", "network", "security-groups", "storage")),
    "guestbook-dev-database",
    "guestbook-dev-secrets",
}
# Slow enough that a resumed verb still finds stacks in progress.
PACE_S = 0.05


def kill_at_each_step(project: Project, aws: StandIn, calls: list[KillPoint], *arguments: str) -> None:
    """Run the same verb repeatedly, and kill it one step later each time."""
    for call in calls:
        project.kill_in(aws, call, *arguments)


def assert_settled(aws: StandIn, target: str, *, image: str, releases: list[tuple[str, str]]) -> None:
    """Assert that both stacks have the image, each release is recorded once and no killed verb left anything behind."""
    cloudformation = aws.client("cloudformation")
    stacks = {stack["StackName"]: stack for stack in cloudformation.describe_stacks()["Stacks"]}
    images = {
        name: parameter["ParameterValue"].rpartition("@")[2]
        for name in (RUNTIMES[target], OPERATIONS)
        for parameter in stacks[name]["Parameters"]
        if parameter["ParameterKey"] == "ImageUri"
    }
    assert images == {RUNTIMES[target]: image, OPERATIONS: image}
    assert recorded_releases(aws, target) == releases
    assert [name for name in stacks if cloudformation.list_change_sets(StackName=name)["Summaries"]] == []
    assert [name for name, stack in stacks.items() if not stack["StackStatus"].endswith("_COMPLETE")] == []


def recorded_releases(aws: StandIn, target: str) -> list[tuple[str, str]]:
    """Return the verb and the digest of each release in the history, oldest first."""
    ssm = aws.client("ssm")
    try:
        versions = ssm.get_parameter_history(Name=f"/webapp/guestbook/dev/{target}/release")["Parameters"]
    except ssm.exceptions.ParameterNotFound:
        return []
    contents = [json.loads(version["Value"]) for version in versions]
    return [(content["verb"], content["image"].rpartition("@")[2]) for content in contents]


def assert_ready(aws: StandIn, endpoint: str) -> None:
    """Assert that the application becomes ready; it is not while its database takes more than 2 s to answer."""
    deadline = time.monotonic() + 60
    while aws.get(f"{endpoint}/readyz")[0] != 200:
        assert time.monotonic() < deadline, f"{endpoint} is not ready"
        time.sleep(0.5)


@pytest.mark.parametrize("target", RUNTIMES)
def test_every_verb_resumes_wherever_it_was_killed(target: str, make_project, aws_with_database: StandIn):
    aws, runtime = aws_with_database, RUNTIMES[target]
    project: Project = make_project(aws.environ, target=target)
    create_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")
    refused = aws.push("guestbook", "v3", variables=PAGES_REFUSED)
    aws.slow(PACE_S)

    deploy = ("deploy", "--image", first, "--yes")
    steps = [
        after(CREATE, "guestbook-dev-network"),
        after(EXECUTE, "guestbook-dev-database"),
        after(EXECUTE, OPERATIONS),
        after(INVOKE, '"create_web_role"'),
        before(INVOKE, '"migration_gate"'),
        after(INVOKE, '"migrate"'),
        after(EXECUTE, runtime),
        before(RECORD, first),
    ]
    kill_at_each_step(project, aws, steps, *deploy)
    project.run(*deploy)
    assert_settled(aws, target, image=first, releases=[("deploy", first)])
    assert_ready(aws, project.json("status")["endpoint"])
    assert "[X] 0001" in project.run("manage", "--", "showmigrations", "guestbook").stdout

    update = ("deploy", "--image", second, "--yes")
    steps = [
        before(EXECUTE, f"{OPERATIONS} {second}"),
        after(INVOKE, '"migrate"'),
        before(EXECUTE, f"{runtime} {second}"),
        after(EXECUTE, f"{runtime} {second}"),
        after(RECORD, second),
    ]
    kill_at_each_step(project, aws, steps, *update)
    project.run(*update)
    assert_settled(aws, target, image=second, releases=[("deploy", first), ("deploy", second)])

    project.set_smoke_timeout(1)
    failing = ("deploy", "--image", refused, "--yes")
    steps = [
        after(EXECUTE, f"{runtime} {refused}"),
        after(EXECUTE, f"{runtime} {second}"),
        before(EXECUTE, f"{OPERATIONS} {second}"),
    ]
    kill_at_each_step(project, aws, steps, *failing)
    project.run(*failing, exit_code=1)
    assert_settled(aws, target, image=second, releases=[("deploy", first), ("deploy", second)])

    project.set_smoke_timeout(120)
    rollback = ("rollback", "--yes")
    steps = [
        after(EXECUTE, f"{runtime} {first}"),
        before(EXECUTE, f"{OPERATIONS} {first}"),
        before(RECORD, first),
    ]
    kill_at_each_step(project, aws, steps, *rollback)
    project.run(*rollback)
    assert_settled(aws, target, image=first, releases=[("deploy", first), ("deploy", second), ("rollback", first)])

    destroy = ("destroy", "--yes")
    steps = [after(DELETE, runtime), after(DELETE, OPERATIONS), before(FORGET, target)]
    kill_at_each_step(project, aws, steps, *destroy)
    project.run(*destroy)
    assert set(project.json("status")["stacks"]) == DATA_STACKS
    assert recorded_releases(aws, target) == []
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert_permitted(aws)
