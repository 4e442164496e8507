"""Every verb, killed with SIGKILL in the midst of each of its steps, and run again, on each target."""

import json
import re

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import assert_documented, make_registry
from tests.deploy.verbs.project import Call, Project, after, before

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

CREATE, EXECUTE = "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"
DELETE, INVOKE = "cloudformation:DeleteStack", "lambda:Invoke"
NOTE, FORGET = "ssm:PutParameter", "ssm:DeleteParameter"
OPERATIONS = "guestbook-dev-operations"
# The stack that has the traffic, by its target.
RUNTIMES = {
    "aws_lambda": "guestbook-dev-lambda",
    "aws_app_runner": "guestbook-dev-apprunner",
    "aws_ecs": "guestbook-dev-fargate",
    "aws_ecs_express": "guestbook-dev-express",
}
DATA_STACKS = {
    "guestbook-registry",
    *(f"guestbook-dev-{name}" for name in ("monitoring", "network", "security-groups", "storage", "database")),
    "guestbook-dev-secrets",
}
# So that who resumes still meets stacks that move.
PACE_S = 0.05
# Its commands work and it is healthy; its pages are not, since it knows none of its own hosts.
PAGES_REFUSED = {"WEBAPP_ALLOWED_HOSTS": "nowhere.example"}


def kill_in_each(project: Project, aws: StandIn, calls: list[Call], *arguments: str) -> None:
    """The same verb again and again, each time killed a step further on."""
    for call in calls:
        project.kill_in(aws, call, *arguments)


def assert_settled(aws: StandIn, target: str, *, image: str, releases: list[tuple[str, str]]) -> None:
    """The image is everywhere, the releases are noted once each, and nothing is left over of what was killed."""
    cloudformation = aws.client("cloudformation")
    stacks = {stack["StackName"]: stack for stack in cloudformation.describe_stacks()["Stacks"]}
    images = {
        name: parameter["ParameterValue"].rpartition("@")[2]
        for name in (RUNTIMES[target], OPERATIONS)
        for parameter in stacks[name]["Parameters"]
        if parameter["ParameterKey"] == "ImageUri"
    }
    assert images == {RUNTIMES[target]: image, OPERATIONS: image}
    assert noted(aws, target) == releases
    assert [name for name in stacks if cloudformation.list_change_sets(StackName=name)["Summaries"]] == []
    assert [name for name, stack in stacks.items() if not stack["StackStatus"].endswith("_COMPLETE")] == []


def noted(aws: StandIn, target: str) -> list[tuple[str, str]]:
    """Verb and digest of each release in the history, the oldest first."""
    ssm = aws.client("ssm")
    try:
        versions = ssm.get_parameter_history(Name=f"/webapp/guestbook/dev/{target}/release")["Parameters"]
    except ssm.exceptions.ParameterNotFound:
        return []
    contents = [json.loads(version["Value"]) for version in versions]
    return [(content["verb"], content["image"].rpartition("@")[2]) for content in contents]


def give_time(project: Project, timeout_s: int) -> None:
    """How long the test after a deploy waits: what is never going to answer need not be waited for."""
    path = project.directory / "webapp.toml"
    path.write_text(re.sub(r"smoke_timeout_s = \d+", f"smoke_timeout_s = {timeout_s}", path.read_text()))


@pytest.mark.parametrize("target", RUNTIMES)
def test_every_verb_goes_on_from_wherever_it_was_killed(target: str, make_project, aws_with_database: StandIn):
    aws, runtime = aws_with_database, RUNTIMES[target]
    project: Project = make_project(aws.environ, target=target)
    make_registry(aws)
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
        before(NOTE, first),
    ]
    kill_in_each(project, aws, steps, *deploy)
    project.run(*deploy)
    assert_settled(aws, target, image=first, releases=[("deploy", first)])
    assert aws.get(f"{project.json('status')['endpoint']}/readyz")[0] == 200
    assert "[X] 0001" in project.run("manage", "--", "showmigrations", "guestbook").stdout

    update = ("deploy", "--image", second, "--yes")
    steps = [
        before(EXECUTE, f"{OPERATIONS} {second}"),
        after(INVOKE, '"migrate"'),
        before(EXECUTE, f"{runtime} {second}"),
        after(EXECUTE, f"{runtime} {second}"),
        after(NOTE, second),
    ]
    kill_in_each(project, aws, steps, *update)
    project.run(*update)
    assert_settled(aws, target, image=second, releases=[("deploy", first), ("deploy", second)])

    give_time(project, 1)
    failing = ("deploy", "--image", refused, "--yes")
    steps = [
        after(EXECUTE, f"{runtime} {refused}"),
        after(EXECUTE, f"{runtime} {second}"),
        before(EXECUTE, f"{OPERATIONS} {second}"),
    ]
    kill_in_each(project, aws, steps, *failing)
    project.run(*failing, exit_code=1)
    assert_settled(aws, target, image=second, releases=[("deploy", first), ("deploy", second)])

    give_time(project, 30)
    rollback = ("rollback", "--yes")
    steps = [
        after(EXECUTE, f"{runtime} {first}"),
        before(EXECUTE, f"{OPERATIONS} {first}"),
        before(NOTE, first),
    ]
    kill_in_each(project, aws, steps, *rollback)
    project.run(*rollback)
    assert_settled(aws, target, image=first, releases=[("deploy", first), ("deploy", second), ("rollback", first)])

    destroy = ("destroy", "--yes")
    steps = [after(DELETE, runtime), after(DELETE, OPERATIONS), before(FORGET, target)]
    kill_in_each(project, aws, steps, *destroy)
    project.run(*destroy)
    assert set(project.json("status")["stacks"]) == DATA_STACKS
    assert noted(aws, target) == []
    project.run("destroy", "--data", "--yes")
    assert set(project.json("status")["stacks"]) == {"guestbook-registry"}
    assert_documented(aws)
