"""The metrics in the lines of the access log, and the page that lists them."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from django_runtimes.observability.access.access_lines import JsonLines
from django_runtimes.observability.access.access_log import AccessLog
from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.observability.access.request_ids import RequestIds
from django_runtimes.observability.access.throttled_request import note_throttled
from django_runtimes.observability.metrics import embedded_metrics
from django_runtimes.observability.metrics.embedded_metrics import EmbeddedMetrics
from django_runtimes.observability.metrics.metric_table import METRICS
from django_runtimes.serving.observed import current_observation

DOCUMENT = Path(__file__).parents[3] / "docs/metrics.md"


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(embedded_metrics, "monotonic", clock)
    return clock


@pytest.fixture
def lines(clock, monkeypatch) -> JsonLines:
    # Tests of other files in this process may have left pools.
    monkeypatch.setattr("django_runtimes.databases.opened_connections.pools", {})
    monkeypatch.setattr(embedded_metrics, "pools", {})
    return JsonLines(EmbeddedMetrics(runtime="aws_ecs", stage="shop-production"))


def ended(status: int | None = 200, kind: str = "http", **values) -> ObservedRequest:
    request = ObservedRequest({"type": kind, "method": "GET"}, RequestIds("some-id", None), lambda ended: None)
    request.status = status
    request.duration_ns, request.first_byte_ns = 5_000_000, 2_000_000
    for name, value in values.items():
        setattr(request, name, value)
    return request


def metrics_in(line: str) -> dict[str, float]:
    """Return the metrics that CloudWatch reads from a line."""
    root = json.loads(line)
    (directive,) = root["_aws"]["CloudWatchMetrics"]
    assert root["_aws"]["Timestamp"] == 1_790_000_000_250
    assert directive["Namespace"] == "DjangoRuntimes"
    assert directive["Dimensions"] == [["runtime", "stage"]]
    assert (root["runtime"], root["stage"]) == ("aws_ecs", "shop-production")
    units = {metric.name: metric.unit for metric in METRICS}
    assert all(metric["Unit"] == units[metric["Name"]] for metric in directive["Metrics"])
    return {metric["Name"]: root[metric["Name"]] for metric in directive["Metrics"]}


def of(lines: JsonLines, request: ObservedRequest, *, is_cold: bool = False) -> dict[str, float]:
    return metrics_in(lines.of_request(request, 1_790_000_000.25, is_cold=is_cold))


@pytest.mark.parametrize(
    ("request_", "is_cold", "expected"),
    [
        (ended(), False, {"Requests": 1, "Latency": 2}),
        (ended(), True, {"Requests": 1, "Latency": 2, "ColdStarts": 1}),
        (ended(404), False, {"Requests": 1, "Latency": 2, "ClientErrors": 1}),
        (ended(503), False, {"Requests": 1, "Latency": 2, "ServerErrors": 1}),
        (ended(413, refused="too large"), False, {"Requests": 1, "ClientErrors": 1}),
        (ended(None, aborted="client left"), False, {"Requests": 1}),
        (ended(200, aborted="failed"), False, {"Requests": 1, "Latency": 2, "ServerErrors": 1}),
        (ended(lambda_request_id="c6af"), False, {"Requests": 1, "Latency": 5}),
        (ended(429, is_throttled=True), False, {"Requests": 1, "Latency": 2, "ClientErrors": 1, "Throttled": 1}),
        (ended(waits_ns=0), False, {"Requests": 1, "Latency": 2, "PoolWait": 0}),
        (
            ended(503, waits_ns=3_000_000, pool_timeouts=1),
            False,
            {"Requests": 1, "Latency": 2, "ServerErrors": 1, "PoolWait": 3, "PoolTimeouts": 1},
        ),
    ],
)
def test_a_line_has_the_metrics_of_its_request(lines, request_, is_cold, expected):
    assert of(lines, request_, is_cold=is_cold) == expected


def test_a_refusal_by_the_server_is_a_request(lines):
    line = lines.of_refusal(431, "Too large", 1_790_000_000.25, lambda_request_id=None)

    assert metrics_in(line) == {"Requests": 1, "ClientErrors": 1}


def test_a_websocket_has_no_metrics(lines):
    assert "_aws" not in json.loads(lines.of_request(ended(101, "websocket"), 1.0, is_cold=False))


def test_pools_are_read_once_a_second(lines, clock, monkeypatch):
    statistics = {"pool_size": 4, "connections_num": 6}
    monkeypatch.setattr(
        "django_runtimes.databases.opened_connections.pools", {"default": SimpleNamespace(get_stats=statistics.copy)}
    )
    monkeypatch.setattr(embedded_metrics, "pools", {"default": None})

    seen = []
    for later_s, opened in ((0, 6), (0.5, 7), (0.5, 8), (1, 8)):
        clock.now_s += later_s
        statistics["connections_num"] = opened
        found = of(lines, ended())
        seen.append((found.get("PoolSize"), found.get("ConnectionsOpened")))

    assert seen == [(4, 6), (None, None), (4, 2), (4, None)]


def test_a_rate_limit_counts_its_refusal():
    request = ended(429)
    token = current_observation.set(request)
    note_throttled()
    current_observation.reset(token)
    note_throttled()

    assert request.is_throttled


def test_lines_without_metrics_have_none(capfd):
    AccessLog(JsonLines()).refuse(431, "Too large")

    assert "_aws" not in json.loads(capfd.readouterr().out)


def test_the_page_lists_every_metric():
    rows = [f"| `{each.name}` | {each.unit} | {each.meaning} | {each.lines} |" for each in METRICS]
    listed = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]

    assert listed == rows
