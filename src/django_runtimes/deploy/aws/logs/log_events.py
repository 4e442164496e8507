"""Reads log events from CloudWatch Logs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code

_PAUSE_S = 2.0
# Events of different hosts can arrive out of order by about this much.
_LATE_MS = 10_000


@dataclass(frozen=True)
class LogEvent:
    """One line of a log; `time_ms` is in milliseconds since 1970, UTC."""

    time_ms: int
    group: str
    stream: str
    text: str


def log_groups(aws: Aws, prefix: str) -> list[str]:
    """Return the log groups whose names start with `prefix`."""
    pages = aws.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def read_group(aws: Aws, group: str, *, since_ms: int) -> Iterator[tuple[str, LogEvent]]:
    """Yield all events since `since_ms`, each with AWS's identifier; none if the group does not exist yet."""
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
    try:
        for page in pages:
            for event in page["events"]:
                line = LogEvent(event["timestamp"], group, event.get("logStreamName", ""), event["message"].rstrip())
                yield event["eventId"], line
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise


def follow_groups(aws: Aws, groups: list[str], *, since_ms: int) -> Iterator[LogEvent]:
    """Yield all events since `since_ms`, then new ones for ever."""
    seen: dict[str, int] = {}
    while True:
        found = [pair for group in groups for pair in read_group(aws, group, since_ms=since_ms)]
        found.sort(key=lambda pair: pair[1].time_ms)
        for identifier, event in found:
            if identifier not in seen:
                seen[identifier] = event.time_ms
                yield event
        if found:
            since_ms = max(since_ms, found[-1][1].time_ms - _LATE_MS)
            seen = {identifier: time_ms for identifier, time_ms in seen.items() if time_ms >= since_ms}
        time.sleep(_PAUSE_S)


def read_stream(aws: Aws, group: str, stream: str) -> Iterator[LogEvent]:
    """Yield all events of one stream; none if it does not exist."""
    client, token = aws.client("logs"), None
    while True:
        given: dict[str, str] = {} if token is None else {"nextToken": token}
        try:
            answer = client.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **given)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return
        for event in answer["events"]:
            yield LogEvent(event["timestamp"], group, stream, event["message"].rstrip())
        # At the end AWS returns the same token again.
        if answer["nextForwardToken"] == token:
            return
        token = answer["nextForwardToken"]
