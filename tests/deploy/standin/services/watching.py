"""Implements the operations with which the verbs observe AWS: CloudWatch, Logs, CodeDeploy, HTTP APIs, STS."""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.runtime import log_files
from tests.deploy.standin.services.account import account_settings
from tests.deploy.standin.services.registry import operation, page
from tests.deploy.standin.world import ACCOUNT, IDENTITY, World, moment, now

_PAGE = 1000


@operation("sts", "GetCallerIdentity")
async def get_caller_identity(world: World, call: Call) -> dict[str, Any]:
    identity = account_settings(world.state).get("identity") or IDENTITY
    return {"UserId": "AIDACKCEVSQ6C2EXAMPLE", "Account": ACCOUNT, "Arn": identity}


@operation("logs", "DescribeLogGroups")
async def describe_log_groups(world: World, call: Call) -> dict[str, Any]:
    every = log_files.groups(world.state, call.scope.region, call.parameters.get("logGroupNamePrefix", ""))
    found, following = page(every, call.parameters, 50, token="nextToken")
    return _paged({"logGroups": [_group(call, each) for each in found]}, following)


@operation("logs", "CreateLogGroup")
async def create_log_group(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["logGroupName"]
    if log_files.group(world.state, call.scope.region, name) is not None:
        raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
    log_files.put_group(world.state, call.scope.region, name, None)
    return {}


@operation("logs", "DeleteLogGroup")
async def delete_log_group(world: World, call: Call) -> dict[str, Any]:
    _require_group(world, call)
    log_files.delete_group(world.state, call.scope.region, call.parameters["logGroupName"])
    return {}


@operation("logs", "PutRetentionPolicy")
async def put_retention_policy(world: World, call: Call) -> dict[str, Any]:
    name = _require_group(world, call)
    log_files.put_group(world.state, call.scope.region, name, call.parameters["retentionInDays"])
    return {}


@operation("logs", "CreateLogStream")
async def create_log_stream(world: World, call: Call) -> dict[str, Any]:
    _require_group(world, call)
    return {}


@operation("logs", "PutLogEvents")
async def put_log_events(world: World, call: Call) -> dict[str, Any]:
    name, stream = _require_group(world, call), call.parameters["logStreamName"]
    for event in call.parameters["logEvents"]:
        log_files.put_event(world.state, call.scope.region, name, stream, event["message"], event["timestamp"])
    return {}


@operation("logs", "DescribeLogStreams")
async def describe_log_streams(world: World, call: Call) -> dict[str, Any]:
    name = _require_group(world, call)
    streams: dict[str, list[int]] = {}
    for event in log_files.events(world.state, call.scope.region, name):
        streams.setdefault(event["stream"], []).append(event["time_ms"])
    return {
        "logStreams": [
            {"logStreamName": stream, "firstEventTimestamp": min(times), "lastEventTimestamp": max(times)}
            for stream, times in streams.items()
            if stream.startswith(call.parameters.get("logStreamNamePrefix", ""))
        ]
    }


@operation("logs", "FilterLogEvents")
async def filter_log_events(world: World, call: Call) -> dict[str, Any]:
    """Filter events; the only patterns are those that the verbs send: none, or a plain word."""
    asked = call.parameters
    name = _require_group(world, call)
    pattern = asked.get("filterPattern", "").strip('"')
    streams = asked.get("logStreamNames")
    wanted = [
        event
        for event in log_files.events(world.state, call.scope.region, name)
        if asked.get("startTime", 0) <= event["time_ms"] <= asked.get("endTime", event["time_ms"])
        and pattern in event["message"]
        and (streams is None or event["stream"] in streams)
        and event["stream"].startswith(asked.get("logStreamNamePrefix", ""))
    ]
    found, following = page(wanted, asked, _PAGE, token="nextToken")
    events = [
        {
            "logStreamName": event["stream"],
            "timestamp": event["time_ms"],
            "message": event["message"],
            "ingestionTime": event["time_ms"],
            "eventId": f"{event['number']:056d}",
        }
        for event in found
    ]
    return _paged({"events": events, "searchedLogStreams": []}, following)


@operation("logs", "GetLogEvents")
async def get_log_events(world: World, call: Call) -> dict[str, Any]:
    asked = call.parameters
    name = _require_group(world, call)
    every = [
        event
        for event in log_files.events(world.state, call.scope.region, name)
        if event["stream"] == asked["logStreamName"]
    ]
    if not every:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    start = int(asked.get("nextToken", "f/0").partition("/")[2])
    found = every[start : start + _PAGE]
    events = [
        {"timestamp": event["time_ms"], "message": event["message"], "ingestionTime": event["time_ms"]}
        for event in found
    ]
    return {"events": events, "nextForwardToken": f"f/{start + len(found)}", "nextBackwardToken": f"b/{start}"}


@operation("cloudwatch", "DescribeAlarms")
async def describe_alarms(world: World, call: Call) -> dict[str, Any]:
    asked = call.parameters
    prefix, names = asked.get("AlarmNamePrefix", ""), asked.get("AlarmNames")
    alarms = [
        alarm
        for alarm in world.state.all("alarm", f"{call.scope.region}/{prefix}")
        if (not names or alarm["name"] in names) and asked.get("StateValue", alarm["state"]) == alarm["state"]
    ]
    return {"MetricAlarms": [_alarm(alarm) for alarm in alarms], "CompositeAlarms": []}


@operation("cloudwatch", "SetAlarmState")
async def set_alarm_state(world: World, call: Call) -> dict[str, Any]:
    asked = call.parameters
    key = f"{call.scope.region}/{asked['AlarmName']}"
    alarm = world.state.get("alarm", key)
    if alarm is None:
        raise AwsError("ResourceNotFound", f"Alarm {asked['AlarmName']} does not exist", 404)
    state = {"state": asked["StateValue"], "reason": asked["StateReason"], "since": now()}
    world.state.put("alarm", key, {**alarm, **state})
    return {}


@operation("codedeploy", "ListDeployments")
async def list_deployments(world: World, call: Call) -> dict[str, Any]:
    every = world.state.all("deployment", f"{call.scope.region}/")
    wanted = call.parameters.get("deploymentGroupName")
    return {"deployments": [each["id"] for each in every if wanted in {None, each["group"]}]}


@operation("codedeploy", "GetDeployment")
async def get_deployment(world: World, call: Call) -> dict[str, Any]:
    found = world.state.get("deployment", f"{call.scope.region}/{call.parameters['deploymentId']}")
    if found is None:
        name = call.parameters["deploymentId"]
        raise AwsError("DeploymentDoesNotExistException", f"The deployment {name} could not be found")
    return {
        "deploymentInfo": {
            "applicationName": found["application"],
            "deploymentGroupName": found["group"],
            "deploymentConfigName": found["configuration"],
            "deploymentId": found["id"],
            "status": found["status"],
            "createTime": moment(found["created"]),
        }
    }


@operation("apigatewayv2", "GetApis")
async def get_apis(world: World, call: Call) -> dict[str, Any]:
    return {
        "Items": [
            {
                "ApiId": api["id"],
                "Name": api["name"],
                "ApiEndpoint": f"https://{api['host']}",
                "ProtocolType": "HTTP",
                "RouteSelectionExpression": "$request.method $request.path",
            }
            for api in world.state.all("api", f"{call.scope.region}/")
        ]
    }


def _require_group(world: World, call: Call) -> str:
    name = call.parameters.get("logGroupName") or call.parameters.get("logGroupIdentifier", "").rpartition(":")[2]
    if log_files.group(world.state, call.scope.region, name) is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return str(name)


def _group(call: Call, group: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "logGroupName": group["name"],
        "creationTime": int(group["created"] * 1000),
        "arn": f"arn:aws:logs:{call.scope.region}:{ACCOUNT}:log-group:{group['name']}:*",
        "storedBytes": 0,
    }
    return answer if group["retention_days"] is None else {**answer, "retentionInDays": group["retention_days"]}


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    properties = alarm["properties"]
    named = [{"Id": each["Id"], **_statistic(each)} for each in properties.get("Metrics", ())]
    return {
        **({"Metrics": named} if named else {}),
        "AlarmName": alarm["name"],
        "AlarmArn": alarm["arn"],
        "AlarmDescription": properties.get("AlarmDescription", ""),
        "StateValue": alarm["state"],
        "StateReason": alarm["reason"],
        "StateUpdatedTimestamp": moment(alarm["since"]),
        **{name: properties[name] for name in ("MetricName", "Namespace") if name in properties},
    }


def _statistic(query: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a query that says whether it is a metric or an expression."""
    if "Expression" in query:
        return {"Expression": query["Expression"]}
    return {"MetricStat": {**query["MetricStat"], "Period": int(query["MetricStat"]["Period"])}}


def _paged(answer: dict[str, Any], following: str | None) -> dict[str, Any]:
    return answer if following is None else {**answer, "nextToken": following}
