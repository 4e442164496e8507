"""Implements ECS's and App Runner's operations: describing services and running tasks."""

import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.resources.handlers import Context
from tests.deploy.standin.resources.services import container_log, container_variables
from tests.deploy.standin.services.account import account_settings
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.world import ACCOUNT, World, moment, now


@operation("ecs", "RunTask")
async def run_task(world: World, call: Call) -> dict[str, Any]:
    """Start the task definition's entry point with the given command."""
    asked, region = call.parameters, call.scope.region
    definition = _definition(world, region, asked["taskDefinition"])
    cluster = _name(asked.get("cluster", "default"))
    _check_cluster(world, region, cluster)
    container = definition["properties"]["ContainerDefinitions"][0]
    overrides = {each["name"]: each for each in asked.get("overrides", {}).get("containerOverrides", [])}
    if unknown := overrides.keys() - {container["Name"]}:
        raise AwsError(
            "InvalidParameterException",
            f"Override for container named {unknown.pop()} is not a container in the TaskDefinition.",
        )
    override = overrides.get(container["Name"], {})
    task_id = secrets.token_hex(16)
    task = {
        "arn": f"arn:aws:ecs:{region}:{ACCOUNT}:task/{cluster}/{task_id}",
        "cluster": cluster,
        "region": region,
        "definition": definition["arn"],
        "container": container["Name"],
        "started": now(),
        "stopped": None,
        "exit_code": None,
        "looked_at": 0,
    }
    context = Context(world, {"region": region, "name": definition["family"], "resources": {}}, "Task", {})
    variables = await container_variables(context, container)
    variables |= {each["name"]: each["value"] for each in override.get("environment", [])}
    world.state.put("task", task["arn"], task)
    world.containers.run_task(
        task["arn"],
        image_uri=container["Image"],
        declared=variables,
        command=override.get("command") or container.get("Command", []),
        log=container_log(region, container, task_id),
    )
    return {"tasks": [_task(task)], "failures": []}


@operation("ecs", "DescribeTasks")
async def describe_tasks(world: World, call: Call) -> dict[str, Any]:
    found, failures = [], []
    for name in call.parameters["tasks"]:
        task = _find_task(world, call.scope.region, name)
        if task is None:
            failures.append({"arn": name, "reason": "MISSING"})
            continue
        _refresh(world, task)
        found.append(_task(task))
    return {"tasks": found, "failures": failures}


@operation("ecs", "ListTasks")
async def list_tasks(world: World, call: Call) -> dict[str, Any]:
    wanted = call.parameters.get("desiredStatus", "RUNNING")
    tasks = world.state.all("task", f"arn:aws:ecs:{call.scope.region}:")
    for task in tasks:
        _refresh(world, task)
    return {"taskArns": [task["arn"] for task in tasks if (task["stopped"] is None) == (wanted == "RUNNING")]}


@operation("ecs", "StopTask")
async def stop_task(world: World, call: Call) -> dict[str, Any]:
    task = _find_task(world, call.scope.region, call.parameters["task"])
    if task is None:
        raise AwsError("InvalidParameterException", "The referenced task was not found.")
    world.containers.stop_task(task["arn"])
    _refresh(world, task)
    return {"task": _task(task)}


@operation("ecs", "DescribeServices")
async def describe_services(world: World, call: Call) -> dict[str, Any]:
    cluster = _name(call.parameters.get("cluster", "default"))
    found, failures = [], []
    for name in call.parameters["services"]:
        arn = f"arn:aws:ecs:{call.scope.region}:{ACCOUNT}:service/{cluster}/{_name(name)}"
        service = world.state.get("service", arn)
        if service is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(_service(service))
    return {"services": found, "failures": failures}


@operation("ecs", "DescribeTaskDefinition")
async def describe_task_definition(world: World, call: Call) -> dict[str, Any]:
    definition = _definition(world, call.scope.region, call.parameters["taskDefinition"])
    containers = definition["properties"]["ContainerDefinitions"]
    return {
        "taskDefinition": {
            "taskDefinitionArn": definition["arn"],
            "family": definition["family"],
            "revision": definition["revision"],
            "status": "ACTIVE" if definition["active"] else "INACTIVE",
            "containerDefinitions": [{"name": each["Name"], "image": each["Image"]} for each in containers],
        }
    }


@operation("apprunner", "DescribeService")
async def describe_app_runner_service(world: World, call: Call) -> dict[str, Any]:
    arn = call.parameters["ServiceArn"]
    service = world.state.get("app runner service", arn)
    if service is None:
        raise AwsError("ResourceNotFoundException", f"Service with the provided ARN: {arn} was not found")
    repository = service["properties"]["SourceConfiguration"]["ImageRepository"]
    instance = service["properties"].get("InstanceConfiguration", {})
    return {
        "Service": {
            **_app_runner(service),
            "SourceConfiguration": {
                "ImageRepository": {
                    "ImageIdentifier": repository["ImageIdentifier"],
                    "ImageRepositoryType": repository["ImageRepositoryType"],
                }
            },
            "InstanceConfiguration": {
                "Cpu": str(instance.get("Cpu", "1024")),
                "Memory": str(instance.get("Memory", "2048")),
            },
            "AutoScalingConfigurationSummary": {},
            "NetworkConfiguration": {},
        }
    }


@operation("apprunner", "ListServices")
async def list_app_runner_services(world: World, call: Call) -> dict[str, Any]:
    every = world.state.all("app runner service", f"arn:aws:apprunner:{call.scope.region}:")
    others = account_settings(world.state).get("resources", {}).get("AWS::AppRunner::Service", {})
    set_by_test = [{"ServiceName": name, "Status": status} for name, status in others.items()]
    return {"ServiceSummaryList": [*(_app_runner(service) for service in every), *set_by_test]}


def _refresh(world: World, task: dict[str, Any]) -> None:
    """Update the task's state; the first call leaves it pending, since Fargate takes a while to start a task."""
    task["looked_at"] += 1
    if task["stopped"] is None and task["looked_at"] > 1:
        code = world.containers.exit_code(task["arn"])
        if code is not None:
            task |= {"stopped": now(), "exit_code": code}
    world.state.put("task", task["arn"], task)


def _task(task: dict[str, Any]) -> dict[str, Any]:
    status = "STOPPED" if task["stopped"] else "RUNNING" if task["looked_at"] > 1 else "PROVISIONING"
    container = {"name": task["container"], "lastStatus": status, "taskArn": task["arn"]}
    answer = {
        "taskArn": task["arn"],
        "clusterArn": f"arn:aws:ecs:{task['region']}:{ACCOUNT}:cluster/{task['cluster']}",
        "taskDefinitionArn": task["definition"],
        "lastStatus": status,
        "desiredStatus": "STOPPED" if task["stopped"] else "RUNNING",
        "launchType": "FARGATE",
        "createdAt": moment(task["started"]),
    }
    if task["stopped"]:
        container["exitCode"] = task["exit_code"]
        answer |= {
            "stoppedAt": moment(task["stopped"]),
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
        }
    return {**answer, "containers": [container]}


def _service(service: dict[str, Any]) -> dict[str, Any]:
    place = service.get("place", {"Subnets": []})
    public = place.get("AssignPublicIp", "DISABLED")
    return {
        "serviceArn": service["arn"],
        "serviceName": service["name"],
        "clusterArn": f"arn:aws:ecs:{service['region']}:{ACCOUNT}:cluster/{service['cluster']}",
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": 1,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "taskDefinition": service["task_definition"],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": place["Subnets"], "assignPublicIp": public}},
        "createdAt": moment(service["created"]),
    }


def _app_runner(service: dict[str, Any]) -> dict[str, Any]:
    return {
        "ServiceName": service["name"],
        "ServiceId": service["id"],
        "ServiceArn": service["arn"],
        "ServiceUrl": service["url"],
        "CreatedAt": moment(service["created"]),
        "UpdatedAt": moment(service["created"]),
        "Status": "RUNNING",
    }


def _definition(world: World, region: str, name: str) -> dict[str, Any]:
    """Return the task definition with this ARN or family:revision, or the newest of a family."""
    wanted = name.rpartition("/")[2]
    family, _, revision = wanted.partition(":")
    every = world.state.all("task definition", f"arn:aws:ecs:{region}:{ACCOUNT}:task-definition/{family}:")
    found = [each for each in every if each["active"] and revision in {"", str(each["revision"])}]
    if not found:
        raise AwsError("ClientException", "Unable to describe task definition.")
    return max(found, key=lambda each: int(each["revision"]))


def _find_task(world: World, region: str, name: str) -> dict[str, Any] | None:
    for task in world.state.all("task", f"arn:aws:ecs:{region}:"):
        if name in {task["arn"], _name(task["arn"])}:
            return task
    return None


def _check_cluster(world: World, region: str, cluster: str) -> None:
    if world.state.get("cluster", f"{region}/{cluster}") is None:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")


def _name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]
