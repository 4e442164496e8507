"""Two verbs may run on one stage at once; neither mistakes the other's image for its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import (
    PAGES_REFUSED,
    TIMEOUT_S,
    Project,
    create_registry,
    digests,
    running,
    wait_for_failure,
    wait_for_line,
    wait_until_held,
)

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]

# The smoke test retries a refused page until another image answers.
LONG_SMOKE_TIMEOUT_S = 600


@pytest.fixture
def aws(aws_with_database: StandIn) -> StandIn:
    create_registry(aws_with_database)
    return aws_with_database


@pytest.fixture
def project(make_project, aws: StandIn) -> Project:
    made: Project = make_project(aws.environ)
    return made


@pytest.fixture
def images(project: Project, aws: StandIn) -> tuple[str, str, str]:
    """The digests of three images, of which the first is released."""
    first, second, third = (aws.push("guestbook", version) for version in ("v1", "v2", "v3"))
    project.run("deploy", "--image", first, "--yes")
    return first, second, third


@contextmanager
def blocked_verb(project: Project, aws: StandIn, action: str, about: str, *arguments: str) -> Iterator[list[str]]:
    """Hold a verb in a call to AWS while the block runs, then let it fail; the list receives its last line."""
    last_line: list[str] = []
    aws.hold(action, about, done=False)
    with running(project, *arguments) as process:
        wait_until_held(aws, process)
        yield last_line
        aws.resume()
        last_line.append(wait_for_failure(process))


def history(project: Project) -> list[str]:
    """Return the digests of the releases, newest first."""
    return [release["image"].rpartition("@")[2] for release in project.json("status")["releases"]]


def test_another_images_answers_do_not_pass_the_smoke_test(make_project, aws: StandIn):
    project: Project = make_project(aws.environ, smoke_timeout_s=LONG_SMOKE_TIMEOUT_S)
    first, good = aws.push("guestbook", "v1"), aws.push("guestbook", "v2")
    refused = aws.push("guestbook", "v3", variables=PAGES_REFUSED)
    project.run("deploy", "--image", first, "--yes")

    with running(project, "deploy", "--image", refused, "--yes") as process:
        # The marker is the smoke test's heading: the page is refused until the other image has the traffic.
        wait_for_line(process, "test\n")
        project.run("deploy", "--image", good, "--yes")
        message = wait_for_failure(process)

    assert "somebody else changed the stack guestbook-dev-lambda at the same time" in message
    assert digests(aws) == (good, good)
    assert history(project) == [good, first]


def test_migrations_run_by_another_image_block_the_traffic(project: Project, aws: StandIn, images):
    first, second, third = images

    # After its migrations, the first verb finds another image in the operations function.
    arguments = ("deploy", "--image", second, "--yes")
    with blocked_verb(project, aws, "lambda:Invoke", "noinput", *arguments) as last_line:
        project.run("rollback", "--to", third, "--yes")

    assert "somebody else changed the stack guestbook-dev-operations at the same time" in last_line[0]
    assert last_line[0].endswith(f"{third} receives the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [third, first]


def test_a_failed_deploy_does_not_undo_a_concurrent_deploy(project: Project, aws: StandIn, images):
    first, second, _ = images
    # Its smoke test cannot pass before the kill.
    third = aws.push("guestbook", "v4", variables=PAGES_REFUSED)
    project.set_smoke_timeout(LONG_SMOKE_TIMEOUT_S)

    about = f"guestbook-dev-lambda {second}"
    arguments = ("deploy", "--image", second, "--yes")
    with blocked_verb(project, aws, "cloudformation:ExecuteChangeSet", about, *arguments) as last_line:
        # The third image has the traffic but is not a release yet: the newest release is the first image.
        assert project.kill_at("test\n", "deploy", "--image", third, "--yes")

    assert last_line[0].endswith(f"{third} receives the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [first]


@pytest.mark.parametrize("action", ["DescribeChangeSet", "ExecuteChangeSet"])
def test_a_concurrent_change_of_the_stack_is_reported(action: str, project: Project, aws: StandIn, images):
    first, second, third = images

    about = f"guestbook-dev-lambda {second}"
    arguments = ("deploy", "--image", second, "--yes")
    with blocked_verb(project, aws, f"cloudformation:{action}", about, *arguments) as last_line:
        project.run("deploy", "--image", third, "--yes")

    assert "somebody else changed the stack guestbook-dev-lambda at the same time; run it again" in last_line[0]
    assert last_line[0].endswith(f"{third} receives the traffic")
    assert digests(aws) == (third, third)
    assert history(project) == [third, first]


def test_two_simultaneous_first_deploys_end_consistently(project: Project, aws: StandIn):
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
