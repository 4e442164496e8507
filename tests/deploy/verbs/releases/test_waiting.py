"""Stack operations wait for changes in progress, and a followed log returns each line once."""

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
NOTICE = "moving is in CREATE_IN_PROGRESS; waiting for that operation"


@pytest.fixture
def region(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The verbs' client of AWS."""
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    return Aws(REGION)


@pytest.fixture
def moving(aws: StandIn) -> str:
    """A stack that another process is creating; its creation ends when a test speeds the stand-in up."""
    aws.slow(600)
    aws.client("cloudformation").create_stack(StackName="moving", TemplateBody=template({"Log": LOG}))
    return "moving"


def end_creation_once(aws: StandIn, is_waiting: Callable[[], bool]) -> None:
    """End the creation of the stack when the operation waits for it."""
    deadline = time.monotonic() + 60
    try:
        while not is_waiting():
            assert time.monotonic() < deadline, "nothing waits"
            time.sleep(0.05)
    finally:
        aws.slow(0)


def test_an_operation_waits_for_a_concurrent_change(region: Aws, aws: StandIn, moving: str):
    said = io.StringIO()
    stacks = Stacks(region, Progress(said))

    with ThreadPoolExecutor() as pool:
        settling = pool.submit(stacks.settle, moving)
        end_creation_once(aws, lambda: NOTICE in said.getvalue())

    assert settling.result().status == "CREATE_COMPLETE"


def test_a_stack_in_creation_is_deleted_after_its_creation(region: Aws, aws: StandIn, moving: str):
    stacks = Stacks(region, Progress(io.StringIO()))
    creating = stacks.describe(moving)

    with ThreadPoolExecutor() as pool:
        deleting = pool.submit(stacks.delete, creating)
        # It reads the events once before it begins to wait for others.
        end_creation_once(aws, lambda: aws.calls().count("cloudformation:DescribeStackEvents") > 1)

    deleting.result()
    assert creating.readiness is Readiness.BUSY
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
