"""Two verbs on one stage at once: nothing keeps them from it, and neither takes the other's image for its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import (
    TIMEOUT_S,
    Project,
    digests,
    make_registry,
    read_to,
    read_to_failure,
    running,
    wait_until_held,
)

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

PAGES_REFUSED = {"WEBAPP_ALLOWED_HOSTS": "nowhere.example"}
# So long that a page which is refused is asked for until another image answers.
PATIENT_S = 600


@contextmanager
def overtaken(project: Project, aws: StandIn, action: str, about: str, *arguments: str) -> Iterator[list[str]]:
    """A verb that waits in a call of AWS for as long as the block lasts, and then goes on; its last line."""
    last_line: list[str] = []
    aws.hold(action, about, done=False)
    with running(project, *arguments) as process:
        wait_until_held(aws, process)
        yield last_line
        aws.resume()
        last_line.append(read_to_failure(process))


def history(project: Project) -> list[str]:
    """The digests of the releases, the newest first."""
    return [release["image"].rpartition("@")[2] for release in project.json("status")["releases"]]


def test_an_image_does_not_pass_its_test_by_the_answers_of_another(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ, smoke_timeout_s=PATIENT_S)
    make_registry(aws)
    first, good = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")
    refused = aws.push("guestbook", "v3", variables=PAGES_REFUSED)
    project.run("deploy", "--image", first, "--yes")

    with running(project, "deploy", "--image", refused, "--yes") as process:
        # The heading; its page is refused from now on until the other one has the traffic.
        read_to(process, "test\n")
        project.run("deploy", "--image", good, "--yes")
        message = read_to_failure(process)

    assert "somebody else changed the stack guestbook-dev-lambda in between" in message
    assert digests(aws) == (good, good)
    assert history(project) == [good, first]


def test_an_image_whose_migrations_another_one_may_have_run_does_not_get_the_traffic(
    make_project, aws_with_database: StandIn
):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first, second, third = (aws.push("guestbook", version) for version in ("v1", "v2", "v3"))
    project.run("deploy", "--image", first, "--yes")

    # The other one finds its own image in the operations function no more once its migrations have run.
    arguments = ("deploy", "--image", second, "--yes")
    with overtaken(project, aws, "lambda:Invoke", "noinput", *arguments) as last_line:
        project.run("rollback", "--to", third, "--yes")

    assert "somebody else changed the stack guestbook-dev-operations in between" in last_line[0]
    assert last_line[0].endswith(f"{third} has the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [third, first]


def test_what_somebody_else_has_given_the_traffic_is_not_gone_back_over(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first, second, third = (aws.push("guestbook", version) for version in ("v1", "v2", "v3"))
    project.run("deploy", "--image", first, "--yes")

    about = f"guestbook-dev-lambda {second}"
    arguments = ("deploy", "--image", second, "--yes")
    with overtaken(project, aws, "cloudformation:ExecuteChangeSet", about, *arguments) as last_line:
        # It has the traffic and is no release yet: the newest one is the first image.
        assert project.kill_at("test\n", "deploy", "--image", third, "--yes")

    assert last_line[0].endswith(f"{third} has the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [first]


@pytest.mark.parametrize("action", ["DescribeChangeSet", "ExecuteChangeSet"])
def test_a_change_that_somebody_else_was_quicker_with_says_so(action: str, make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first, second, third = (aws.push("guestbook", version) for version in ("v1", "v2", "v3"))
    project.run("deploy", "--image", first, "--yes")

    about = f"guestbook-dev-lambda {second}"
    arguments = ("deploy", "--image", second, "--yes")
    with overtaken(project, aws, f"cloudformation:{action}", about, *arguments) as last_line:
        project.run("deploy", "--image", third, "--yes")

    assert "somebody else changed the stack guestbook-dev-lambda in between; run it again" in last_line[0]
    assert last_line[0].endswith(f"{third} has the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [third, first]


def test_two_that_begin_together_leave_no_image_that_nobody_tested(make_project, aws_with_database: StandIn):
    aws = aws_with_database
    project: Project = make_project(aws.environ)
    make_registry(aws)
    first, second = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")

    with (
        running(project, "deploy", "--image", first, "--yes") as one,
        running(project, "deploy", "--image", second, "--yes") as other,
    ):
        ended = [process.communicate(timeout=TIMEOUT_S)[1].splitlines()[-1] for process in (one, other)]
        codes = [one.returncode, other.returncode]

    for code, line in zip(codes, ended, strict=True):
        assert code == 0 or (code == 1 and "somebody else changed the stack" in line), ended
    project.run("deploy", "--image", first, "--yes")
    assert digests(aws) == (first, first)
