"""Reads a deployed target's cold starts and database connections from CloudWatch, where the role allows it."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django_runtimes.compare.deployed.aws_resource import ResourceKind, WatchedResource
from django_runtimes.compare.record.results import ConnectionCounts
from django_runtimes.compare.targets.target import ColdStart

# The line that Lambda logs at the end of each invocation; the last duration is only in those of cold starts.
_REPORT = re.compile(r"^REPORT .*?\tDuration: ([\d.]+) ms\t.*?(?:Init|Restore) Duration: ([\d.]+) ms", re.DOTALL)
_COLD_STARTS = '?"Init Duration" ?"Restore Duration" ?initDurationMs ?restoreDurationMs'
# Percentiles of more cold starts would not differ, and each page of results takes a request.
_MOST_COLD_STARTS = 1_000
_PERIOD_S = 60
_T = TypeVar("_T")
_DIMENSIONS = {ResourceKind.INSTANCE: "DBInstanceIdentifier", ResourceKind.CLUSTER: "DBClusterIdentifier"}


class CloudWatchReader:
    """Reads the metrics and logs of an interval; a refusal becomes a note instead of an error."""

    def __init__(self, started: datetime, ended: datetime) -> None:
        import boto3

        self._session = boto3.session.Session()
        self._started, self._ended = started, ended
        self.notes: list[str] = []

    def cold_starts(self, function: WatchedResource) -> list[ColdStart]:
        """Return the cold starts of a function that CloudWatch Logs has, of all its clients."""
        group = f"/aws/lambda/{function.name}"

        def read() -> list[ColdStart]:
            pages = self._session.client("logs").get_paginator("filter_log_events")
            events = pages.paginate(
                logGroupName=group,
                startTime=_milliseconds(self._started),
                endTime=_milliseconds(self._ended),
                filterPattern=_COLD_STARTS,
            )
            messages = (event["message"] for page in events for event in page["events"])
            return list(itertools.islice(_cold_starts(messages), _MOST_COLD_STARTS))

        found = self._attempt(read, f"the log group {group} (logs:FilterLogEvents)") or []
        if found:
            self.notes.append(
                f"its {len(found)} cold starts are those in the log group {group}, of all its clients and without the "
                "network; Lambda's init phase takes the place of the time until ready"
            )
        return found

    def connections(self, database: WatchedResource) -> ConnectionCounts | None:
        """Return the peak and mean of all clients' connections to a database of RDS; None if they are unknown."""

        def read() -> ConnectionCounts | None:
            found = self._session.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/RDS",
                MetricName="DatabaseConnections",
                Dimensions=[{"Name": _DIMENSIONS[database.kind], "Value": database.name}],
                StartTime=self._started.replace(second=0, microsecond=0),
                EndTime=self._ended + timedelta(seconds=_PERIOD_S),
                Period=_PERIOD_S,
                Statistics=["Maximum", "Average"],
            )
            return self._counts(database, found["Datapoints"])

        return self._attempt(read, f"DatabaseConnections of {database.name} (cloudwatch:GetMetricStatistics)")

    def _counts(self, database: WatchedResource, points: list[dict[str, Any]]) -> ConnectionCounts | None:
        if not points:
            self.notes.append(
                f"CloudWatch has no connections of {database.name} in the time of this run; check its name, kind and "
                "region, or repeat a run of at least five minutes"
            )
            return None
        self.notes.append(
            f"its connections are CloudWatch's for {database.name}, in {len(points)} minutes of this run; they include "
            "those of all its other clients and of the other targets"
        )
        mean = sum(point["Average"] for point in points) / len(points)
        return ConnectionCounts(peak=round(max(point["Maximum"] for point in points)), mean=round(mean, 2), opened=None)

    def _attempt(self, read: Callable[[], _T], what: str) -> _T | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return read()
        except ClientError as error:
            reason = error.response["Error"].get("Code", "an error")
        except BotoCoreError as error:
            reason = " ".join(str(error).split())
        self.notes.append(f"CloudWatch did not answer for {what}: {reason}; grant the permission")
        return None


def _cold_starts(messages: Iterator[str]) -> Iterator[ColdStart]:
    for message in messages:
        if (match := _REPORT.match(message)) is not None:
            yield ColdStart(float(match[2]), float(match[1]))
        elif message.startswith("{") and (start := _from_json(message)) is not None:
            yield start


def _from_json(message: str) -> ColdStart | None:
    """Return the cold start in a line of Lambda's JSON log format, or None for any other line."""
    try:
        metrics = json.loads(message)["record"]["metrics"]
        ready_ms = metrics.get("initDurationMs", metrics.get("restoreDurationMs"))
        return None if ready_ms is None else ColdStart(float(ready_ms), float(metrics["durationMs"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1_000)
