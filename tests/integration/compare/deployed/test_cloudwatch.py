"""CloudWatch as the source of cold starts and connections, on moto's server."""

import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from django_runtimes.compare.deployed.aws_resource import ResourceKind, WatchedResource
from django_runtimes.compare.deployed.cloudwatch import CloudWatchReader
from django_runtimes.compare.record.results import ConnectionCounts
from tests.moto import ACCESS_KEY, REGION, moto_server

STARTED = datetime.now(UTC) - timedelta(minutes=5)
FUNCTION = WatchedResource(ResourceKind.FUNCTION, "shop-web")
INSTANCE = WatchedResource(ResourceKind.INSTANCE, "shop")
COLD = (
    "REPORT RequestId: 6f7f0961\tDuration: 120.50 ms\tBilled Duration: 900 ms\tMemory Size: 1769 MB\t"
    "Max Memory Used: 90 MB\tInit Duration: 779.25 ms\t\n"
)
RESTORED = (
    "REPORT RequestId: 6f7f0962\tDuration: 90.00 ms\tBilled Duration: 400 ms\tMemory Size: 1769 MB\t"
    "Max Memory Used: 90 MB\tRestore Duration: 310.00 ms\tBilled Restore Duration: 300 ms\t\n"
)
WARM = "REPORT RequestId: 6f7f0963\tDuration: 7.00 ms\tBilled Duration: 7 ms\tMemory Size: 1769 MB\t\n"
JSON = '{"type": "platform.report", "record": {"metrics": {"durationMs": 80.5, "initDurationMs": 500.0}}}'
OTHER = '{"message": "Init Duration is only mentioned here"}'


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto") / "moto.log") as url:
        yield url


@pytest.fixture(autouse=True)
def aws_variables(aws, monkeypatch):
    for name, value in {**ACCESS_KEY, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": aws}.items():
        monkeypatch.setenv(name, value)


def reader() -> CloudWatchReader:
    return CloudWatchReader(STARTED, datetime.now(UTC))


def test_cold_starts_come_from_the_functions_log():
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/shop-web")
    logs.create_log_stream(logGroupName="/aws/lambda/shop-web", logStreamName="a")
    now_ms = int(time.time() * 1_000) - 1_000
    logs.put_log_events(
        logGroupName="/aws/lambda/shop-web",
        logStreamName="a",
        logEvents=[
            {"timestamp": now_ms + index, "message": text}
            for index, text in enumerate([COLD, WARM, RESTORED, JSON, OTHER])
        ],
    )
    cloudwatch = reader()

    starts = cloudwatch.cold_starts(FUNCTION)

    assert [(start.ready_ms, start.first_response_ms) for start in starts] == [
        (779.25, 120.5),
        (310.0, 90.0),
        (500.0, 80.5),
    ]
    assert cloudwatch.notes == [
        "its 3 cold starts are those in the log group /aws/lambda/shop-web, of all its clients and without the "
        "network; Lambda's init phase takes the place of the time until ready"
    ]


def test_connections_come_from_the_metric_of_the_database():
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": "shop"}]
    for minutes, value in [(3, 4.0), (2, 9.0), (200, 90.0)]:
        boto3.client("cloudwatch").put_metric_data(
            Namespace="AWS/RDS",
            MetricData=[
                {
                    "MetricName": "DatabaseConnections",
                    "Dimensions": dimensions,
                    "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
                    "Value": value,
                }
            ],
        )
    cloudwatch = reader()

    assert cloudwatch.connections(INSTANCE) == ConnectionCounts(peak=9, mean=6.5, opened=None)
    assert cloudwatch.notes[0].startswith("its connections are CloudWatch's for shop, in 2 minutes of this run;")


def test_a_metric_without_values_becomes_a_note():
    cloudwatch = reader()

    assert cloudwatch.connections(WatchedResource(ResourceKind.CLUSTER, "shop")) is None
    assert cloudwatch.notes[0].startswith("CloudWatch has no connections of shop in the time of this run;")


def test_an_unknown_function_becomes_a_note():
    cloudwatch = reader()

    assert cloudwatch.cold_starts(WatchedResource(ResourceKind.FUNCTION, "absent")) == []
    assert cloudwatch.notes == [
        "CloudWatch did not answer for the log group /aws/lambda/absent (logs:FilterLogEvents): "
        "ResourceNotFoundException; grant the permission"
    ]


def test_a_refused_permission_becomes_a_note(aws):
    # From now on moto checks permissions, which these credentials lack.
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{aws}/moto-api/reset-auth", data=b"0", method="POST", headers=plain)
    urllib.request.urlopen(request)
    try:
        cloudwatch = reader()
        assert cloudwatch.cold_starts(FUNCTION) == []
        assert cloudwatch.connections(INSTANCE) is None
    finally:
        request.data = b"1000000"
        urllib.request.urlopen(request)

    log_note, metric_note = cloudwatch.notes
    assert "(logs:FilterLogEvents): " in log_note
    assert "(cloudwatch:GetMetricStatistics): " in metric_note
    assert "ResourceNotFound" not in log_note


def test_an_unreachable_service_becomes_a_note(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    cloudwatch = reader()

    assert cloudwatch.connections(INSTANCE) is None
    assert "Could not connect to the endpoint URL" in cloudwatch.notes[0]
