"""The service-linked roles that AWS's services create on their first use, often too late for that use."""

from dataclasses import dataclass

from django_runtimes.deploy.catalogue import DeployTarget


@dataclass(frozen=True)
class ServiceLinkedRole:
    """A role of a service: its name, and the service that uses it."""

    name: str
    service: str


_DATABASE = (ServiceLinkedRole("AWSServiceRoleForRDS", "rds.amazonaws.com"),)
_CONTAINERS = (
    ServiceLinkedRole("AWSServiceRoleForECS", "ecs.amazonaws.com"),
    ServiceLinkedRole("AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com"),
    ServiceLinkedRole(
        "AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"
    ),
)
_APP_RUNNER = (
    ServiceLinkedRole("AWSServiceRoleForAppRunner", "apprunner.amazonaws.com"),
    ServiceLinkedRole("AWSServiceRoleForAppRunnerNetworking", "networking.apprunner.amazonaws.com"),
)
_ROLES = {
    DeployTarget.AWS_LAMBDA: _DATABASE,
    DeployTarget.AWS_APP_RUNNER: _DATABASE + _APP_RUNNER,
    DeployTarget.AWS_ECS: _DATABASE + _CONTAINERS,
    DeployTarget.AWS_ECS_EXPRESS: _DATABASE + _CONTAINERS,
}


def service_roles(target: DeployTarget) -> tuple[ServiceLinkedRole, ...]:
    """Return the roles that a target's services use."""
    return _ROLES[target]
