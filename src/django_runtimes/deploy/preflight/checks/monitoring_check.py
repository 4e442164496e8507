"""The dashboards and alarms of the account, of which AWS charges for those beyond its free ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, good

_FREE_DASHBOARDS = 3
_FREE_ALARM_METRICS = 10
_PRICES = "3.00 USD per dashboard and 0.10 per metric of an alarm, each month"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("cloudwatch")
    pages = client.get_paginator("list_dashboards").paginate()
    dashboards = sum(len(page["DashboardEntries"]) for page in pages)
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
    metrics = sum(billed_metrics(alarm) for page in pages for alarm in page["MetricAlarms"])
    text = f"the region has {dashboards} dashboards and alarms on {metrics} metrics"
    if dashboards > _FREE_DASHBOARDS or metrics > _FREE_ALARM_METRICS:
        yield good(
            f"{text}; beyond {_FREE_DASHBOARDS} and {_FREE_ALARM_METRICS}, which are free in an account, AWS charges "
            f"{_PRICES}"
        )
    else:
        yield good(text)


def billed_metrics(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics of an alarm are billed; an expression over metrics is not one."""
    queries = alarm.get("Metrics") or ()
    return sum("MetricStat" in query for query in queries) if queries else 1


MONITORING_COST = PreflightCheck(
    "the dashboards and alarms", ("cloudwatch:DescribeAlarms", "cloudwatch:ListDashboards"), _ask
)
