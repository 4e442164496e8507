"""Lists the processes that the templates start, with their variables and roles."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.deploy.templates.analysis.stacks import Deployment, Resource
from tests.deploy.templates.analysis.statements import ACCOUNT

_BY_ECS = {"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4", "AWS_REGION": "us-east-1"}
_API = "a1b2c3d4e5"
# The variables that each platform sets itself, according to its documentation.
_BY_PLATFORM = {
    "AWS::Lambda::Function": {"AWS_LAMBDA_FUNCTION_NAME": "webapp", "AWS_REGION": "us-east-1"},
    "AWS::ECS::TaskDefinition": _BY_ECS,
    "AWS::ECS::ExpressGatewayService": _BY_ECS,
    "AWS::AppRunner::Service": {"PORT": "8000"},
}


@dataclass(frozen=True)
class Process:
    """A process that a template starts; its code uses `role`, and the service that starts it uses the other roles."""

    resource: Resource
    image: str
    declared: dict[str, str]
    secrets: dict[str, str]
    role: str
    preparing_role: str
    secrets_role: str
    port: int | None = None
    health_path: str | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The process's environment, with the ARN of each secret in place of its value, and an API's identifier."""
        # The other analyses compare the API by its name in the template, which could not be a part of a host name.
        stack = self.resource.stack
        declared = {
            name: value.replace(f"{stack}:Api", _API).replace(f"{stack}:Rest", _API)
            for name, value in self.declared.items()
        }
        return {**_BY_PLATFORM[self.resource.type], **self._managed_instances, **declared, **self.secrets}

    @property
    def _managed_instances(self) -> dict[str, str]:
        """The variables that Lambda sets on Managed Instances only."""
        capacity = self.resource.properties.get("CapacityProviderConfig")
        if capacity is None:
            return {}
        processes = capacity["LambdaManagedInstancesCapacityProviderConfig"]["PerExecutionEnvironmentMaxConcurrency"]
        return {
            "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
            "AWS_LAMBDA_MAX_CONCURRENCY": str(processes),
        }

    @property
    def function(self) -> str | None:
        """The ARN that AWS attaches to calls from a function's code, or None for a container."""
        name = self.resource.properties.get("FunctionName")
        return name and f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"

    def __str__(self) -> str:
        return self.resource.stack


def started_processes(deployment: Deployment) -> list[Process]:
    return [process for resource in deployment.resources for process in _started_by(resource)]


def _started_by(resource: Resource) -> Iterator[Process]:
    properties = resource.properties
    match resource.type:
        case "AWS::Lambda::Function":
            yield Process(
                resource,
                properties["Code"]["ImageUri"],
                {name: str(value) for name, value in properties["Environment"]["Variables"].items()},
                {},
                *(properties["Role"],) * 3,
            )
        case "AWS::ECS::TaskDefinition":
            for container in properties["ContainerDefinitions"]:
                ports = container.get("PortMappings", [])
                yield _container_process(resource, container, ports[0]["ContainerPort"] if ports else None)
        case "AWS::ECS::ExpressGatewayService":
            container = properties["PrimaryContainer"]
            yield _container_process(resource, container, container["ContainerPort"], properties["HealthCheckPath"])
        case "AWS::AppRunner::Service":
            repository = properties["SourceConfiguration"]["ImageRepository"]
            image = repository["ImageConfiguration"]
            yield Process(
                resource,
                repository["ImageIdentifier"],
                _table(image["RuntimeEnvironmentVariables"], "Value"),
                _table(image["RuntimeEnvironmentSecrets"], "Value"),
                properties["InstanceConfiguration"]["InstanceRoleArn"],
                properties["SourceConfiguration"]["AuthenticationConfiguration"]["AccessRoleArn"],
                properties["InstanceConfiguration"]["InstanceRoleArn"],
                int(image["Port"]),
                properties["HealthCheckConfiguration"]["Path"],
            )


def _container_process(
    resource: Resource, container: dict[str, Any], port: int | None, health_path: str | None = None
) -> Process:
    """Return the process of a container on ECS."""
    properties = resource.properties
    return Process(
        resource,
        container["Image"],
        _table(container["Environment"], "Value"),
        _table(container["Secrets"], "ValueFrom"),
        properties["TaskRoleArn"],
        properties["ExecutionRoleArn"],
        properties["ExecutionRoleArn"],
        port,
        health_path,
    )


def _table(pairs: list[dict[str, Any]], value: str) -> dict[str, str]:
    return {pair["Name"]: str(pair[value]) for pair in pairs}
