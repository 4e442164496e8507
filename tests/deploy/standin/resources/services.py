"""Handles AWS::ECS and AWS::AppRunner, which run the containers of services."""

import hashlib
import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, ResourceResult, register
from tests.deploy.standin.resources.secret_references import read_injected
from tests.deploy.standin.runtime.containers import UnhealthyError
from tests.deploy.standin.runtime.front import delete_address, put_address
from tests.deploy.standin.runtime.images import find_by_uri
from tests.deploy.standin.runtime.log_files import put_group
from tests.deploy.standin.world import now

_METADATA = {"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/standin"}


class ClusterHandler:
    """A cluster, in which tasks run."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("ClusterName") or context.generated_name()
        context.world.state.put("cluster", f"{context.region}/{name}", {"name": name})
        return ResourceResult(name, {"Arn": context.arn("ecs", f"cluster/{name}")})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, {"Arn": context.arn("ecs", f"cluster/{physical_id}")})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("cluster", f"{context.region}/{physical_id}")


class TaskDefinitionHandler:
    """A revision of a task definition."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        family = properties.get("Family") or context.generated_name()
        number = context.world.state.next_number(f"task definition {context.region}/{family}")
        arn = context.arn("ecs", f"task-definition/{family}:{number}")
        definition = {"arn": arn, "family": family, "revision": number, "properties": properties, "active": True}
        context.world.state.put("task definition", arn, definition)
        return ResourceResult(arn, {"TaskDefinitionArn": arn})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, {"TaskDefinitionArn": physical_id})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        definition = context.world.state.get("task definition", physical_id)
        if definition is not None:
            context.world.state.put("task definition", physical_id, {**definition, "active": False})


class ServiceHandler:
    """A Fargate service behind a target group; the circuit breaker stops an unhealthy deployment."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("ServiceName") or context.generated_name()
        cluster = properties["Cluster"].rpartition("/")[2]
        return await self._deploy(context, context.arn("ecs", f"service/{cluster}/{name}"), properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return await self._deploy(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await context.world.containers.remove(_target(properties))
        context.world.state.delete("service", physical_id)

    async def _deploy(self, context: Context, arn: str, properties: dict[str, Any]) -> ResourceResult:
        definition = context.world.state.get("task definition", properties["TaskDefinition"])
        assert definition is not None, "the service refers to it"
        container = definition["properties"]["ContainerDefinitions"][0]
        target = context.world.state.get("target group", _target(properties))
        service = {"arn": arn, "name": arn.rpartition("/")[2], "task_definition": definition["arn"], "created": now()}
        service |= {"cluster": arn.split("/")[1], "region": context.region}
        service["place"] = properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {"Subnets": []})
        await _replace(
            context,
            _target(properties),
            image_uri=container["Image"],
            declared=await container_variables(context, container),
            health_path="/" if target is None else target["health_path"],
            log=container_log(context.region, container, definition["family"]),
            failure="Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.",
        )
        context.world.state.put("service", arn, service)
        return ResourceResult(arn, {"Name": service["name"], "ServiceArn": arn})


class ExpressHandler:
    """An Express Mode service, which has its own address."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("ServiceName") or context.generated_name()
        cluster = properties.get("Cluster", "default").rpartition("/")[2]
        host = f"{name}-{secrets.token_hex(6)}.ecs.{context.region}.on.aws"
        return await self._deploy(context, context.arn("ecs", f"service/{cluster}/{name}"), host, properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        host = context.stack["resources"][context.logical_id]["attributes"]["Endpoint"]
        return await self._deploy(context, physical_id, host.removeprefix("https://"), properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await context.world.containers.remove(physical_id)
        context.world.state.delete("service", physical_id)
        host = context.stack["resources"][context.logical_id]["attributes"]["Endpoint"]
        delete_address(context.world, host.removeprefix("https://"))

    async def _deploy(self, context: Context, arn: str, host: str, properties: dict[str, Any]) -> ResourceResult:
        container = properties["PrimaryContainer"]
        logs = container.get("AwsLogsConfiguration", {})
        log = {
            "group": logs.get("LogGroup", "/ecs/express"),
            "stream": f"{logs.get('LogStreamPrefix', 'ecs')}/Main/{secrets.token_hex(16)}",
        }
        await _replace(
            context,
            arn,
            image_uri=container["Image"],
            declared=await container_variables(context, container),
            health_path=properties.get("HealthCheckPath", "/ping"),
            log={"region": context.region, **log},
            failure="Express Mode service deployment failed: tasks did not become healthy.",
        )
        service = {"arn": arn, "name": arn.rpartition("/")[2], "cluster": arn.split("/")[1], "created": now()}
        service |= {"region": context.region, "task_definition": "", "endpoint": f"https://{host}"}
        context.world.state.put("service", arn, service)
        put_address(context.world, host, {"service": arn})
        name = f"ecs-express-gateway/{hashlib.sha256(arn.encode()).hexdigest()[:16]}"
        ingress = {
            "LoadBalancerArn": context.arn("elasticloadbalancing", f"loadbalancer/app/{name}"),
            # The two sides of a canary.
            "TargetGroupArns": [context.arn("elasticloadbalancing", f"targetgroup/{name}{side}") for side in (1, 2)],
        }
        attributes = {f"ECSManagedResourceArns.IngressPath.{key}": value for key, value in ingress.items()}
        return ResourceResult(arn, {"ServiceArn": arn, "Endpoint": f"https://{host}", **attributes})


class AppRunnerHandler:
    """An App Runner service."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("ServiceName") or context.generated_name(longest=40)
        service_id = secrets.token_hex(16)
        arn = context.arn("apprunner", f"service/{name}/{service_id}")
        host = f"{secrets.token_hex(5)}.{context.region}.awsapprunner.com"
        for kind in ("application", "service"):
            put_group(context.world.state, context.region, f"/aws/apprunner/{name}/{service_id}/{kind}", None)
        return await self._deploy(context, arn, host, properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        host = context.stack["resources"][context.logical_id]["attributes"]["ServiceUrl"]
        return await self._deploy(context, physical_id, host, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await context.world.containers.remove(physical_id)
        context.world.state.delete("app runner service", physical_id)
        delete_address(context.world, context.stack["resources"][context.logical_id]["attributes"]["ServiceUrl"])

    async def _deploy(self, context: Context, arn: str, host: str, properties: dict[str, Any]) -> ResourceResult:
        repository = properties["SourceConfiguration"]["ImageRepository"]
        image = repository.get("ImageConfiguration", {})
        container = {
            "Environment": image.get("RuntimeEnvironmentVariables", []),
            "Secrets": [
                {"Name": secret["Name"], "ValueFrom": secret["Value"]}
                for secret in image.get("RuntimeEnvironmentSecrets", [])
            ],
        }
        name, service_id = arn.split("/")[1:]
        declared = await container_variables(context, container)
        await _replace(
            context,
            arn,
            image_uri=repository["ImageIdentifier"],
            # App Runner sets no variable that identifies it.
            declared={variable: value for variable, value in declared.items() if variable not in _METADATA},
            health_path=properties.get("HealthCheckConfiguration", {}).get("Path", "/"),
            log={
                "region": context.region,
                "group": f"/aws/apprunner/{name}/{service_id}/application",
                "stream": f"instance/{secrets.token_hex(16)}",
            },
            failure="Service creation failed: the health check of the application failed.",
        )
        service = {"arn": arn, "name": name, "id": service_id, "url": host, "created": now(), "region": context.region}
        context.world.state.put("app runner service", arn, {**service, "properties": properties})
        put_address(context.world, host, {"service": arn})
        return ResourceResult(
            arn, {"ServiceArn": arn, "ServiceId": service_id, "ServiceUrl": host, "Status": "RUNNING"}
        )


async def container_variables(context: Context, container: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a container, with the values of its secrets."""
    variables = {each["Name"]: str(each["Value"]) for each in container.get("Environment", [])}
    for secret in container.get("Secrets", []):
        variables[secret["Name"]] = await read_injected(context, secret["ValueFrom"])
    return {**_METADATA, **variables}


def container_log(region: str, container: dict[str, Any], task: str) -> dict[str, str]:
    """Return the region, log group and log stream of an ECS container."""
    options = container.get("LogConfiguration", {}).get("Options", {})
    prefix, name = options.get("awslogs-stream-prefix", "ecs"), container["Name"]
    return {"region": region, "group": options.get("awslogs-group", "/ecs"), "stream": f"{prefix}/{name}/{task}"}


async def _replace(
    context: Context,
    service: str,
    *,
    image_uri: str,
    declared: dict[str, str],
    health_path: str,
    log: dict[str, str],
    failure: str,
) -> None:
    if await find_by_uri(context.world.state, context.world.registry, image_uri) is None:
        raise AwsError("Failed", f"CannotPullContainerError: {image_uri}: not found. {failure}")
    log = {**log, "stream": f"{log['stream']}/{secrets.token_hex(4)}"}
    try:
        await context.world.containers.replace(
            service, image_uri=image_uri, declared=declared, health_path=health_path, log=log
        )
    except UnhealthyError:
        raise AwsError("Failed", f'Resource handler returned message: "{failure}"') from None


def _target(properties: dict[str, Any]) -> str:
    balancers = properties.get("LoadBalancers", [])
    if not balancers:
        raise AwsError("Failed", "the stand-in has no service of ECS without a target group")
    return str(balancers[0]["TargetGroupArn"])


register("AWS::ECS::Cluster", ClusterHandler())
register("AWS::ECS::TaskDefinition", TaskDefinitionHandler())
register("AWS::ECS::Service", ServiceHandler())
register("AWS::ECS::ExpressGatewayService", ExpressHandler())
register("AWS::AppRunner::Service", AppRunnerHandler())
