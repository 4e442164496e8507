"""The service-linked roles that AWS's services create on their first use, often too late for that use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceLinkedRole:
    """A role of a service: its name, and the service that uses it."""

    name: str
    service: str


_LAMBDA = ServiceLinkedRole("AWSServiceRoleForLambda", "lambda.amazonaws.com")
_RDS = ServiceLinkedRole("AWSServiceRoleForRDS", "rds.amazonaws.com")
_ECS = ServiceLinkedRole("AWSServiceRoleForECS", "ecs.amazonaws.com")
_BALANCING = ServiceLinkedRole("AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com")
_SCALING = ServiceLinkedRole(
    "AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"
)
_APP_RUNNER = ServiceLinkedRole("AWSServiceRoleForAppRunner", "apprunner.amazonaws.com")
_NETWORKING = ServiceLinkedRole("AWSServiceRoleForAppRunnerNetworking", "networking.apprunner.amazonaws.com")

# The types whose first resource in an account needs a role. Express Mode creates a load balancer and scales by itself.
ROLES_OF_TYPES: Mapping[str, tuple[ServiceLinkedRole, ...]] = {
    "AWS::Lambda::CapacityProvider": (_LAMBDA,),
    "AWS::RDS::DBCluster": (_RDS,),
    "AWS::RDS::DBInstance": (_RDS,),
    "AWS::RDS::DBProxy": (_RDS,),
    "AWS::ECS::Cluster": (_ECS,),
    "AWS::ECS::ExpressGatewayService": (_ECS, _BALANCING, _SCALING),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (_BALANCING,),
    "AWS::ApplicationAutoScaling::ScalableTarget": (_SCALING,),
    "AWS::AppRunner::Service": (_APP_RUNNER,),
    "AWS::AppRunner::VpcConnector": (_NETWORKING,),
}


def service_roles(types: Iterable[str]) -> tuple[ServiceLinkedRole, ...]:
    """Return the roles that resources of these types need, each once."""
    wanted = set(types)
    return tuple(
        dict.fromkeys(role for type_name, roles in ROLES_OF_TYPES.items() if type_name in wanted for role in roles)
    )
