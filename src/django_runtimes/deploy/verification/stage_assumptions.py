"""Assumptions that a deployed stage can verify."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django_runtimes.deploy.catalogue import APP_RUNNER, DATABASE, EXPRESS, LAMBDA, PROXY, SCHEDULES, SECRETS
from django_runtimes.deploy.context import with_scheme
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good
from django_runtimes.deploy.smoke import redirects_to_itself
from django_runtimes.deploy.verification.account_assumptions import REPORT

_DAY_S = 24 * 3600


def _database_log(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    # The log of an existing database belongs to another stack, or to none.
    if not stage.exists(DATABASE) or stage.context.deployment.existing.has_database:
        return
    kind = "cluster" if stage.states[DATABASE].parameters.get("Engine") == "aurora" else "instance"
    group = f"/aws/rds/{kind}/{_name(stage)}/{stage.context.database_system.logs[0]}"
    streams = stage.context.aws.brief_client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    if streams:
        yield good(f"RDS writes to the log group {group}, which the deploy created")
    else:
        yield doubtful(f"the log group {group} is empty", "wait until the database has logged something, and repeat")


def _proxy_share(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if not stage.exists(PROXY):
        return
    now = datetime.now(UTC)
    points = stage.context.aws.brief_client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="MaxDatabaseConnectionsAllowed",
        Dimensions=[{"Name": "ProxyName", "Value": _name(stage)}],
        StartTime=now - timedelta(seconds=_DAY_S),
        EndTime=now,
        Period=_DAY_S,
        Statistics=["Maximum"],
    )["Datapoints"]
    context = stage.context
    percent = int(context.value(PROXY, "MaxConnectionsPercent"))
    # With an existing database this is what other applications leave, not the server's max_connections.
    connections = int(context.value(LAMBDA, "MaxConnections"))
    expected = connections * percent // 100
    if not points:
        yield doubtful("the proxy has no metric MaxDatabaseConnectionsAllowed yet", "send requests, and repeat")
    elif context.deployment.existing.has_database:
        yield _share_of_existing(stage, int(points[0]["Maximum"]), connections, percent)
    elif int(points[0]["Maximum"]) == expected:
        yield good(f"the proxy opens at most {expected} connections, {percent} % of max_connections")
    else:
        yield bad(
            f"the proxy opens at most {points[0]['Maximum']:g} connections, not {expected}",
            "set ProxyMaxConnections of Lambda to its number",
        )


def _share_of_existing(stage: PlannedStage, opened: int, connections: int, percent: int) -> PreflightAnswer:
    """Compare the proxy's limit, a share of the whole server's connections, with the parameters of the stage."""
    place = f"[stages.{stage.context.deployment.stage}.parameters]"
    if opened > connections:
        fitting = max(1, connections * percent // opened)
        return bad(
            f"the proxy opens at most {opened} connections, {percent} % of the whole server's, but MaxConnections = "
            f"{connections}",
            f"write MaxConnectionsPercent = {fitting} into {place}",
        )
    budget = int(stage.context.value(LAMBDA, "ProxyMaxConnections"))
    if budget > opened:
        return bad(
            f"the proxy opens at most {opened} connections, but ProxyMaxConnections = {budget}",
            f"write ProxyMaxConnections = {opened} into {place}",
        )
    return good(f"the proxy opens at most {opened} of the {connections} connections in MaxConnections")


def _rotation_versions(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("secretsmanager")
    for stack, name in ((SECRETS, "WebLogin"), (DATABASE, "OperationsSecret")):
        if (arn := stage.states[stack].outputs.get(name)) is None:
            continue
        versions = client.describe_secret(SecretId=arn).get("VersionIdsToStages", {})
        if any("AWSPENDING" in stages for stages in versions.values()):
            yield bad(
                f"a rotation of {arn} is pending, so the next one may fail",
                "remove the stage AWSPENDING with `aws secretsmanager update-secret-version-stage`",
            )
        else:
            yield good(f"no rotation of {arn} is pending")


def _scheduled_command(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    scheduled = [each for each in context.deployment.settings.schedules if each.enabled and not each.task]
    if not stage.exists(SCHEDULES) or not scheduled:
        return
    name, command = scheduled[0].name, scheduled[0].command
    group = f"/{context.configuration.project}/{context.deployment.stage}/operations/function"
    since = datetime.now(UTC) - timedelta(seconds=2 * _DAY_S)
    pages = (
        context.aws.brief_client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=group,
            # The line that the operations function logs after a scheduled command.
            filterPattern=f'"webapp: schedule {name}: {command} ended with exit code 0"',
            startTime=int(since.timestamp() * 1000),
        )
    )
    if any(page["events"] for page in pages):
        yield good(f"EventBridge Scheduler ran {command}, and the function accepted its event")
    else:
        yield doubtful(f"the schedule {name} has not run {command} within two days", "repeat after its next time")


def _express_address(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    endpoint = stage.states[EXPRESS].outputs.get("Endpoint")
    if endpoint is None:
        return
    suffix = f".ecs.{stage.context.aws.region}.on.aws"
    host = endpoint.removeprefix("https://").rstrip("/")
    if host.endswith(suffix):
        yield good(f"the address of Express Mode ends in {suffix}")
    else:
        yield bad(f"the address of Express Mode is {host}, which does not end in {suffix}", "set Hosts to it")


def _forwarded_scheme(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    endpoint = stage.states[APP_RUNNER].outputs.get("Endpoint")
    if endpoint is None:
        return
    address, page = with_scheme(endpoint), stage.context.configuration.page
    try:
        loops = redirects_to_itself(address, page)
    except OSError as error:
        yield doubtful(f"{address} does not respond: {error}", "repeat once the service runs")
        return
    if loops:
        yield bad(
            f"{page} redirects to itself, so App Runner does not send X-Forwarded-Proto",
            f'set WEBAPP_HTTPS = "0" under [stages.{stage.context.deployment.stage}.environment], since App Runner '
            f"accepts only HTTPS; {REPORT}",
        )
    else:
        yield good("App Runner sends X-Forwarded-Proto: no page redirects to itself")


def _name(stage: PlannedStage) -> str:
    return f"{stage.context.configuration.project}-{stage.context.deployment.stage}"


STAGE_ASSUMPTIONS = (
    PreflightCheck("the database's log", ("logs:DescribeLogStreams",), _database_log),
    PreflightCheck("the proxy's share of connections", ("cloudwatch:GetMetricStatistics",), _proxy_share),
    PreflightCheck("pending rotations", ("secretsmanager:DescribeSecret",), _rotation_versions),
    PreflightCheck("the scheduled command", ("logs:FilterLogEvents",), _scheduled_command),
    PreflightCheck("the scheme behind App Runner", ("cloudformation:DescribeStacks",), _forwarded_scheme),
    PreflightCheck("the address of Express Mode", ("cloudformation:DescribeStacks",), _express_address),
)
