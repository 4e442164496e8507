"""Runs management commands in an ECS task, for commands that take longer than a function may."""

import time
from collections.abc import Mapping, Sequence

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.aws.functions import CommandOutcome
from django_runtimes.deploy.aws.logs.log_events import LogEvent, read_stream

_CONTAINER = "operations"
_PAUSE_S = 3.0


def run_in_task(
    aws: Aws,
    progress: Progress,
    *,
    cluster: str,
    task: str,
    network: Mapping[str, str],
    log_group: str,
    command: Sequence[str],
) -> CommandOutcome:
    """Run a command in a separate task and wait without a limit; raise ToolError if it did not run.

    `network` contains the outputs of the stacks network and security-groups.
    """
    client = aws.client("ecs")
    started = client.run_task(
        cluster=cluster,
        taskDefinition=task,
        launchType="FARGATE",
        count=1,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": network["TaskSubnets"].split(","),
                "securityGroups": [network["ApplicationGroup"]],
                "assignPublicIp": network["TaskPublicAddress"],
            }
        },
        overrides={"containerOverrides": [{"name": _CONTAINER, "command": list(command)}]},
    )
    if started["failures"]:
        raise ToolError(f"ECS did not start the task: {started['failures'][0].get('reason', 'no reason given')}")
    arn = started["tasks"][0]["taskArn"]
    progress.say(f"  {command[0]} runs in the task {arn.rpartition('/')[2]}")
    with progress.waiting(f"{command[0]} …"):
        while True:
            described = client.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
            if described["lastStatus"] == "STOPPED":
                break
            time.sleep(_PAUSE_S)
    container = next(each for each in described["containers"] if each["name"] == _CONTAINER)
    if "exitCode" not in container:
        reason = container.get("reason") or described.get("stoppedReason", "no reason given")
        raise ToolError(f"the task did not run the command: {reason}")
    stream = f"{_CONTAINER}/{_CONTAINER}/{arn.rpartition('/')[2]}"
    events: list[LogEvent] = list(read_stream(aws, log_group, stream))
    return CommandOutcome(int(container["exitCode"]), "".join(f"{event.text}\n" for event in events))
