"""Alarms watch the metrics that matter, go off at the right moment, and are sent to the topic."""

import json
import re
import sys
from types import SimpleNamespace

import pytest

from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.observability.metrics.metric_table import DIMENSIONS, METRICS, NAMESPACE
from django_runtimes.serving.aws_lambda.command_handler import CommandHandler
from tests.deploy.templates.analysis.alarms import goes_off, metrics_of, statistics_of, watched_metric
from tests.deploy.templates.analysis.stacks import EXPRESS_BALANCING, TEMPLATES, Resource, deploy
from tests.deploy.templates.analysis.variants import ON_DATA_API, of_type

pytestmark = pytest.mark.profile_free

KEY_METRICS = {
    "connections": {"DatabaseConnections"},
    "pinned sessions": {"DatabaseConnectionsCurrentlySessionPinned"},
    "pool waits": {"DatabaseConnectionsBorrowLatency"},
    "slow answers": {"Duration", "TargetResponseTime", "RequestLatency"},
    "5xx": {"5xx", "Url5xxCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "5xxStatusResponses"},
    "throttles": {"Throttles"},
}


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
EXPRESS = "ecs/express.yaml"
EXPRESS_GROUPS = "ECSManagedResourceArns.IngressPath.TargetGroupArns"


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
            assert statistics_of(alarm) == {"p99"}


# What the alarms of every target must watch, each by one of these metrics.
EVERY_TARGET = ("5xx", "slow answers")
OF_EACH_TARGET = {
    # Lambda starts an environment per request; an exceeded reservation is what a missing task is elsewhere.
    "Lambda": {"failed invocations": {"Errors"}, "throttles": {"Throttles"}},
    # App Runner replaces an instance that fails its health check, and has no metric for it.
    "App Runner": {},
    "ECS Fargate": {"5xx of the load balancer": {"HTTPCode_ELB_5XX_Count"}, "missing tasks": {"HealthyHostCount"}},
    "ECS Express": {"5xx of the load balancer": {"HTTPCode_ELB_5XX_Count"}, "missing tasks": {"HealthyHostCount"}},
}


@pytest.mark.parametrize("target", OF_EACH_TARGET)
def test_the_alarms_of_each_target_watch_what_users_notice(target: str):
    alarms = [each for each in deploy().of_type("AWS::CloudWatch::Alarm") if each.stack in TARGETS[target]]
    watched = {watched_metric(alarm) for alarm in alarms}
    wanted = {name: KEY_METRICS[name] for name in EVERY_TARGET} | OF_EACH_TARGET[target]

    assert [name for name, metrics in wanted.items() if not metrics & watched] == []


def test_every_target_has_a_list_of_alarms():
    assert OF_EACH_TARGET.keys() == TARGETS.keys()
    assert len(TARGETS) == len(DeployTarget)


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
        ("lambda/template.yaml", "5XXError"),
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
    alarms = [each for each in deploy().of_type("AWS::CloudWatch::Alarm") if each.name == "NoHealthyTask"]

    assert [each.stack for each in alarms] == ["ecs/fargate.yaml", "ecs/express.yaml"]
    for alarm in alarms:
        assert alarm.properties["TreatMissingData"] == "breaching"
        assert (statistics_of(alarm), alarm.properties["Threshold"]) == ({"Maximum"}, 1)


# --- Express Mode, whose canaries alternate between two target groups ------------------------------------


@pytest.mark.parametrize(
    ("former", "latter", "is_reported"),
    [
        # (5xx responses, responses) of each group.
        ((None, 1000), (None, None), False),
        ((None, None), (2, 2), False),
        ((20, 1100), (None, None), False),
        ((None, None), (30, 1000), True),
        # A canary with a twentieth of the traffic that always fails.
        ((None, 1000), (50, 50), True),
        ((None, None), (None, None), False),
    ],
)
def test_5xx_of_express_mode_are_read_in_both_groups(
    former: tuple[float | None, float | None], latter: tuple[float | None, float | None], is_reported: bool
):
    alarm = deploy().named(EXPRESS, "ServerErrors")
    orders = [(former, latter), (latter, former)]

    for (errors, requests), (errors2, requests2) in orders:
        values = {"errors": errors, "requests": requests, "errors2": errors2, "requests2": requests2}
        assert goes_off(alarm, **values) == is_reported


@pytest.mark.parametrize(
    ("healthy", "healthy2", "is_reported"), [(2, None, False), (0, 2, False), (0, None, True), (None, None, True)]
)
def test_tasks_of_express_mode_are_missing_if_neither_group_has_one(
    healthy: float | None, healthy2: float | None, is_reported: bool
):
    alarm = deploy().named(EXPRESS, "NoHealthyTask")

    assert goes_off(alarm, healthy=healthy, healthy2=healthy2) == is_reported
    assert goes_off(alarm, healthy=healthy2, healthy2=healthy) == is_reported


def test_the_alarms_of_express_mode_read_both_target_groups():
    for name in ("ServerErrors", "NoHealthyTask", "SlowAnswers"):
        groups = {metric.dimensions for metric in metrics_of(deploy().named(EXPRESS, name))}
        assert groups == {
            ("app/express/0a1", "targetgroup/express/0b1"),
            ("app/express/0a1", "targetgroup/express/0b2"),
        }


def test_a_single_target_group_of_express_mode_is_read_twice(monkeypatch: pytest.MonkeyPatch):
    only = EXPRESS_BALANCING[EXPRESS_GROUPS][:1]
    monkeypatch.setitem(EXPRESS_BALANCING, EXPRESS_GROUPS, list(only))

    groups = {metric.dimensions for metric in metrics_of(deploy().named(EXPRESS, "NoHealthyTask"))}

    assert groups == {("app/express/0a1", "targetgroup/express/0b1")}


def test_the_page_on_costs_states_the_number_of_billed_metrics():
    alarms = deploy().of_type("AWS::CloudWatch::Alarm")
    numbers = {
        target: sum(len(metrics_of(alarm)) for alarm in alarms if alarm.stack in (*SHARED, *stacks))
        for target, stacks in TARGETS.items()
    }
    stated = ", ".join(f"{number} on {target}" for target, number in numbers.items())

    on_data_api = sum(len(metrics_of(alarm)) for alarm in ON_DATA_API.of_type("AWS::CloudWatch::Alarm"))

    page = (TEMPLATES / "README.md").read_text()
    assert f"read {stated}" in page
    assert f'With `Route = "data_api"` they read {on_data_api}.' in page


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
