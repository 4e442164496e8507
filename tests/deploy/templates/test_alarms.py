"""Alarms watch the metrics that matter, go off at the right moment, and are sent to the topic."""

import json
import re
import sys
from types import SimpleNamespace

import pytest

from django_runtimes.observability.metrics.metric_table import DIMENSIONS, METRICS, NAMESPACE
from django_runtimes.serving.aws_lambda.command_handler import CommandHandler
from tests.deploy.templates.analysis.alarms import goes_off, metrics_of, watched_metric
from tests.deploy.templates.analysis.stacks import TEMPLATES, Resource, deploy
from tests.deploy.templates.analysis.variants import of_type

pytestmark = pytest.mark.profile_free

KEY_METRICS = {
    "connections": {"DatabaseConnections"},
    "pinned sessions": {"DatabaseConnectionsCurrentlySessionPinned"},
    "pool waits": {"DatabaseConnectionsBorrowLatency"},
    "slow answers": {"Duration", "TargetResponseTime", "RequestLatency"},
    "5xx": {"5xx", "Url5xxCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "5xxStatusResponses"},
    "throttles": {"Throttles"},
}


@pytest.mark.parametrize("metrics", KEY_METRICS.values(), ids=KEY_METRICS)
def test_alarms_watch_the_key_metrics(metrics: set[str]):
    watched = {watched_metric(alarm) for alarm in of_type("AWS::CloudWatch::Alarm")}

    assert metrics <= watched


@pytest.mark.parametrize(
    ("exit_code", "time_limit_s", "is_counted"), [(0, 60, False), (1, 60, True), (3, 60, True), (None, 0.5, True)]
)
def test_the_alarm_counts_failed_scheduled_commands(
    capsys: pytest.CaptureFixture[str], exit_code: int | None, time_limit_s: float, is_counted: bool
):
    ends = "import time; time.sleep(60)" if exit_code is None else f"raise SystemExit({exit_code})"
    handler = CommandHandler(program=[sys.executable, "-c", ends], allowed=frozenset({"clearsessions", "check"}))
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: (time_limit_s + 5) * 1000)
    pattern = of_type("AWS::Logs::MetricFilter")[0].properties["FilterPattern"]

    handler({"command": ["clearsessions"], "schedule": "nightly"}, context)
    assert matches_filter(pattern, capsys.readouterr().err) == is_counted
    handler({"command": ["clearsessions"]}, context)
    assert not matches_filter(pattern, capsys.readouterr().err)


def matches_filter(pattern: str, line: str) -> bool:
    """Return whether a CloudWatch Logs filter pattern of quoted terms matches the line; `-` excludes a term."""
    terms = re.findall(r'(-?)"([^"]*)"', pattern)
    assert " ".join(f'{minus}"{text}"' for minus, text in terms) == pattern
    return all((text in line) != bool(minus) for minus, text in terms)


def test_every_alarm_is_sent_to_the_topic():
    topic = deploy().exported("alarm-topic")

    for alarm in of_type("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"] == [topic]


def test_latency_alarms_use_the_99th_percentile():
    for alarm in of_type("AWS::CloudWatch::Alarm"):
        if watched_metric(alarm) in KEY_METRICS["slow answers"]:
            assert alarm.properties["ExtendedStatistic"] == "p99"


@pytest.mark.parametrize("metrics", KEY_METRICS.values(), ids=KEY_METRICS)
def test_the_dashboard_shows_the_key_metrics(metrics: set[str]):
    dashboard = of_type("AWS::CloudWatch::Dashboard")[0]
    body = json.loads(dashboard.properties["DashboardBody"])
    shown = [json.dumps(widget["properties"]["metrics"]) for widget in body["widgets"]]

    # The dashboard counts a function URL's 5xx among the failed invocations.
    for metric in metrics - {"Url5xxCount"}:
        assert any(metric in widget for widget in shown)


def test_dashboard_widgets_do_not_overlap():
    dashboard = of_type("AWS::CloudWatch::Dashboard")[0]
    body = json.loads(dashboard.properties["DashboardBody"])
    cells = [
        (column, row)
        for widget in body["widgets"]
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24


# --- rates -----------------------------------------------------------------------------------------------


def stopping_alarms() -> list[Resource]:
    """Return the alarms that stop or roll back a deploy, and App Runner's alarm on 5xx."""
    deploying = [
        *(each.properties["AlarmConfiguration"]["Alarms"] for each in of_type("AWS::CodeDeploy::DeploymentGroup")),
        *(each.properties["DeploymentConfiguration"]["Alarms"]["AlarmNames"] for each in of_type("AWS::ECS::Service")),
    ]
    names = {each["Name"] if isinstance(each, dict) else each for alarms in deploying for each in alarms}
    return [
        alarm
        for alarm in of_type("AWS::CloudWatch::Alarm")
        if f"{alarm.stack}:{alarm.name}" in names or watched_metric(alarm) == "5xxStatusResponses"
    ]


def test_the_alarms_that_stop_a_deploy_are_rates():
    assert {(alarm.stack, watched_metric(alarm)) for alarm in stopping_alarms()} == {
        ("apprunner/template.yaml", "5xxStatusResponses"),
        ("ecs/fargate.yaml", "HTTPCode_ELB_5XX_Count"),
        ("ecs/fargate.yaml", "HTTPCode_Target_5XX_Count"),
        ("lambda/template.yaml", "5xx"),
        ("lambda/template.yaml", "Errors"),
        ("lambda/template.yaml", "Url5xxCount"),
    }


@pytest.mark.parametrize(
    ("errors", "requests", "is_stopped"),
    [
        # A single timeout, and a few failures among many requests.
        (1, 1, False),
        (2, 2, False),
        (6, 1000, False),
        (20, 1100, False),
        # A canary with a tenth of the traffic that always fails.
        (3, 30, True),
        (100, 1000, True),
        (None, 500, False),
        (None, None, False),
    ],
)
def test_an_alarm_that_stops_a_deploy_depends_on_the_traffic(
    errors: float | None, requests: float | None, is_stopped: bool
):
    assert {goes_off(alarm, errors=errors, requests=requests) for alarm in stopping_alarms()} == {is_stopped}


def test_a_load_balancer_without_tasks_goes_off():
    """It counts only requests that reached a task."""
    (alarm,) = [each for each in stopping_alarms() if each.name == "LoadBalancerErrors"][:1]

    assert goes_off(alarm, errors=5, requests=None)


def test_missing_tasks_go_off_even_without_data():
    (alarm,) = [each for each in deploy().of_type("AWS::CloudWatch::Alarm") if each.name == "NoHealthyTask"]

    assert alarm.properties["TreatMissingData"] == "breaching"
    assert (alarm.properties["Statistic"], alarm.properties["Threshold"]) == ("Maximum", 1)


# The stacks of each target.
SHARED = (
    "foundation/monitoring.yaml",
    "foundation/network.yaml",
    "foundation/storage.yaml",
    "foundation/database.yaml",
    "operations/schedules.yaml",
    "operations/template.yaml",
)
TARGETS = {
    "Lambda": ("lambda/template.yaml", "foundation/proxy.yaml"),
    "App Runner": ("apprunner/template.yaml",),
    "ECS Fargate": ("ecs/fargate.yaml", "ecs/load-balancer.yaml"),
    "ECS Express": ("ecs/express.yaml",),
}


def test_the_page_on_costs_states_the_number_of_billed_metrics():
    alarms = deploy().of_type("AWS::CloudWatch::Alarm")
    numbers = {
        target: sum(len(metrics_of(alarm)) for alarm in alarms if alarm.stack in (*SHARED, *stacks))
        for target, stacks in TARGETS.items()
    }
    stated = ", ".join(f"{number} on {target}" for target, number in numbers.items())

    assert f"read {stated}" in (TEMPLATES / "README.md").read_text()


# --- the application's own metrics -----------------------------------------------------------------------


def own_names(text: str) -> set[str]:
    return set(re.findall(r"MetricName=\\?\"(\w+)\\?\"", text))


def test_the_dashboard_shows_every_metric_of_the_application():
    body = json.loads(of_type("AWS::CloudWatch::Dashboard")[0].properties["DashboardBody"])
    expressions = [
        row[0]["expression"]
        for widget in body["widgets"]
        for row in widget["properties"]["metrics"]
        if isinstance(row[0], dict) and "{DjangoRuntimes," in row[0]["expression"]
    ]

    assert {name for text in expressions for name in own_names(text)} == {metric.name for metric in METRICS}
    assert all(f"SEARCH('{{{NAMESPACE},{','.join(DIMENSIONS)}}} " in text for text in expressions)


def test_alarms_name_metrics_and_dimensions_of_the_application():
    own = [each for each in of_type("AWS::CloudWatch::Alarm") if each.properties.get("Namespace") == NAMESPACE]
    runtimes = {each.stack: each.properties["Dimensions"][0]["Value"] for each in own}

    assert {each.properties["MetricName"] for each in own} == {"PoolTimeouts"}
    assert {tuple(part["Name"] for part in each.properties["Dimensions"]) for each in own} == {DIMENSIONS}
    assert runtimes == {
        "apprunner/template.yaml": "aws_app_runner",
        "ecs/express.yaml": "aws_ecs",
        "ecs/fargate.yaml": "aws_ecs",
    }
    assert "PoolTimeouts" in {metric.name for metric in METRICS}
