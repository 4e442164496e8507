"""Compares the principals that each role trusts with the services that use it."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.templates.analysis.stacks import Deployment, Resource
from tests.deploy.templates.analysis.statements import ACCOUNT, listed

# The service that assumes the role named by a property.
_ASSUMED_BY = {
    ("AWS::AppRunner::Service", "InstanceConfiguration.InstanceRoleArn"): "tasks.apprunner.amazonaws.com",
    (
        "AWS::AppRunner::Service",
        "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
    ): "build.apprunner.amazonaws.com",
    ("AWS::CodeDeploy::DeploymentGroup", "ServiceRoleArn"): "codedeploy.amazonaws.com",
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"): "vpc-flow-logs.amazonaws.com",
    ("AWS::ECS::ExpressGatewayService", "ExecutionRoleArn"): "ecs-tasks.amazonaws.com",
    ("AWS::ECS::ExpressGatewayService", "InfrastructureRoleArn"): "ecs.amazonaws.com",
    ("AWS::ECS::ExpressGatewayService", "TaskRoleArn"): "ecs-tasks.amazonaws.com",
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"): "ecs-tasks.amazonaws.com",
    ("AWS::ECS::TaskDefinition", "TaskRoleArn"): "ecs-tasks.amazonaws.com",
    ("AWS::Lambda::CapacityProvider", "PermissionsConfig.CapacityProviderOperatorRoleArn"): "lambda.amazonaws.com",
    ("AWS::Lambda::Function", "Role"): "lambda.amazonaws.com",
    ("AWS::RDS::DBProxy", "RoleArn"): "rds.amazonaws.com",
    ("AWS::Scheduler::Schedule", "Target.RoleArn"): "scheduler.amazonaws.com",
}
# The services that send aws:SourceAccount when they assume a role. A condition on it would lock out the others.
_SENDS_SOURCE_ACCOUNT = {"ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com"}


def wrongly_trusted_roles(deployment: Deployment) -> list[str]:
    """Return the roles whose trust policy does not name exactly the one service that uses them."""
    users: dict[str, set[str]] = {}
    for resource in deployment.resources:
        for path, value in _texts(resource.properties):
            # A policy names the roles that may be passed on, without using them.
            if value.startswith("arn:aws:iam:") and ":role:" in value and not path.startswith("Policies."):
                users.setdefault(value, set()).add(_ASSUMED_BY[resource.type, path])
    return [
        f"{role.stack} {role.name}"
        for role in deployment.resources
        if role.type == "AWS::IAM::Role" and not _is_trusted_correctly(role, users.get(_arn(role), set()))
    ]


def _is_trusted_correctly(role: Resource, services: set[str]) -> bool:
    if len(services) != 1:
        return False
    (service,) = services
    expected: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if service in _SENDS_SOURCE_ACCOUNT:
        expected["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return bool(listed(role.properties["AssumeRolePolicyDocument"]["Statement"]) == [expected])


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and value of every string in the properties."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, path)
    elif isinstance(value, str):
        yield path, value


def _arn(role: Resource) -> str:
    return f"arn:aws:iam:us-east-1:{ACCOUNT}:role:{role.stack}/{role.name}"
