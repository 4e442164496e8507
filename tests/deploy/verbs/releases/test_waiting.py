"""Stack operations wait for changes in progress, and a followed log returns each line once."""

import io
from collections.abc import Iterator
from itertools import islice

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.aws.logs.log_events import follow_groups
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import Stacks
from tests.deploy.standin.standin import REGION, StandIn
from tests.deploy.standin_tests.small_stacks import LOG, template

pytestmark = pytest.mark.profile_free

GROUP = "/guestbook/dev/web/lambda"


@pytest.fixture
def region(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The verbs' client of AWS."""
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    return Aws(REGION)


@pytest.fixture
def moving(aws: StandIn) -> str:
    """A stack that another process is creating."""
    aws.slow(2)
    aws.client("cloudformation").create_stack(StackName="moving", TemplateBody=template({"Log": LOG}))
    return "moving"


def test_an_operation_waits_for_a_concurrent_change(region: Aws, moving: str):
    said = io.StringIO()

    state = Stacks(region, Progress(said)).settle(moving)

    assert state.status == "CREATE_COMPLETE"
    assert "moving is in CREATE_IN_PROGRESS; waiting for that operation" in said.getvalue()


def test_a_stack_in_creation_is_deleted_after_its_creation(region: Aws, moving: str):
    stacks = Stacks(region, Progress(io.StringIO()))

    stacks.delete(stacks.describe(moving))

    assert stacks.describe(moving).readiness is Readiness.ABSENT


def test_deleting_an_absent_stack_does_nothing(region: Aws, aws: StandIn):
    stacks = Stacks(region, Progress(io.StringIO()))

    stacks.delete(stacks.describe("gone"))

    assert "cloudformation:DeleteStack" not in aws.calls()


def test_a_followed_log_returns_each_line_once(region: Aws, aws: StandIn):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="1")

    def write(*lines: str) -> None:
        events = [{"timestamp": 1_800_000_000_000, "message": line} for line in lines]
        logs.put_log_events(logGroupName=GROUP, logStreamName="1", logEvents=events)

    write("one", "two")
    following: Iterator[str] = (event.text for event in follow_groups(region, [GROUP], since_ms=0))
    read = list(islice(following, 2))
    write("three")

    assert [*read, next(following)] == ["one", "two", "three"]
