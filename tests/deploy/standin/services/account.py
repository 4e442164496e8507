"""Implements the questions about the account that the verbs ask before they create anything."""

from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.schemas import is_type
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.state import Document, State
from tests.deploy.standin.world import ACCOUNT, World, moment, now

# The zones of us-east-1 as one account might see them.
_ZONES = {"a": "use1-az1", "b": "use1-az2", "c": "use1-az4", "d": "use1-az6", "e": "use1-az3", "f": "use1-az5"}
_DEFAULT_QUOTAS = {"L-F678F1CE": 5, "L-0263D0A3": 5, "L-3032A538": 6, "L-1216C47A": 5}
_KIND, _KEY = "account", "settings"
# The services that create a role with this name for themselves.
_SERVICE_ROLES = {
    "apprunner.amazonaws.com": "AWSServiceRoleForAppRunner",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "lambda.amazonaws.com": "AWSServiceRoleForLambda",
    "networking.apprunner.amazonaws.com": "AWSServiceRoleForAppRunnerNetworking",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
}


def set_account(state: State, settings: Document) -> None:
    """Change some settings, such as zones, vpcs, endpoint_zones, quotas, resources, dashboards and forbidden."""
    state.put(_KIND, _KEY, {**account_settings(state), **settings})


def account_settings(state: State) -> Document:
    """Return what a test has set."""
    return state.get(_KIND, _KEY) or {}


def _of_stacks(world: World, region: str, type_name: str) -> list[Document]:
    """Return the resources of a type in all stacks, with the names of their stacks."""
    return [
        resource
        for stack in stacks.existing(world, region)
        for resource in stack["resources"].values()
        if resource["type"] == type_name and resource.get("physical")
    ]


@operation("ec2", "DescribeAvailabilityZones")
async def describe_availability_zones(world: World, call: Call) -> dict[str, Any]:
    region = call.scope.region
    zones = _zones(world, region)
    return {
        "AvailabilityZones": [
            {
                "ZoneName": name,
                "ZoneId": each,
                "State": "available",
                "RegionName": region,
                "ZoneType": "availability-zone",
            }
            for name, each in zones.items()
        ]
    }


def subnets_of_stacks(world: World, region: str) -> list[Document]:
    """Return the subnets of all stacks, as EC2 describes them."""
    zones = _zones(world, region)
    return [
        {
            "SubnetId": each["physical"],
            "AvailabilityZone": (name := each["properties"]["AvailabilityZone"]),
            "AvailabilityZoneId": zones[name],
        }
        for each in _of_stacks(world, region, "AWS::EC2::Subnet")
    ]


def _zones(world: World, region: str) -> dict[str, str]:
    """Return the ids of the zones, by name."""
    return account_settings(world.state).get("zones") or {f"{region}{letter}": each for letter, each in _ZONES.items()}


@operation("ec2", "DescribeVpcs")
async def describe_vpcs(world: World, call: Call) -> dict[str, Any]:
    own = [
        {"VpcId": each["physical"], "CidrBlock": each["properties"]["CidrBlock"]}
        for each in _of_stacks(world, call.scope.region, "AWS::EC2::VPC")
    ]
    others = account_settings(world.state).get("vpcs", {})
    return {"Vpcs": [*own, *({"VpcId": name, "CidrBlock": block} for name, block in others.items())]}


@operation("ec2", "DescribeAddresses")
async def describe_addresses(world: World, call: Call) -> dict[str, Any]:
    return {"Addresses": [{"PublicIp": each} for each in account_settings(world.state).get("addresses", ())]}


@operation("ec2", "DescribeVpcEndpointServices")
async def describe_vpc_endpoint_services(world: World, call: Call) -> dict[str, Any]:
    """Offer each service in all zones, unless the test has set the zones of a service such as email-smtp."""
    region = call.scope.region
    (asked,) = call.parameters["Filters"]
    assert asked["Name"] == "service-name", asked
    fewer = account_settings(world.state).get("endpoint_zones", {})
    return {
        "ServiceNames": asked["Values"],
        "ServiceDetails": [
            {
                "ServiceName": name,
                "AvailabilityZones": fewer.get(name.partition(f".{region}.")[2], list(_zones(world, region))),
            }
            for name in asked["Values"]
        ],
    }


@operation("service-quotas", "GetServiceQuota")
async def get_service_quota(world: World, call: Call) -> dict[str, Any]:
    """Answer as for an account that never had other quotas, unless the test has set one."""
    code = call.parameters["QuotaCode"]
    quotas = account_settings(world.state).get("quotas", {})
    if code not in quotas:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": {"QuotaCode": code, "Value": float(quotas[code])}}


@operation("service-quotas", "GetAWSDefaultServiceQuota")
async def get_default_quota(world: World, call: Call) -> dict[str, Any]:
    code = call.parameters["QuotaCode"]
    return {"Quota": {"QuotaCode": code, "Value": float(_DEFAULT_QUOTAS[code])}}


@operation("cloudformation", "DescribeType")
async def describe_type(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["TypeName"]
    if not is_type(name) or name in account_settings(world.state).get("missing_types", ()):
        raise AwsError("TypeNotFoundException", f"The type '{name}' cannot be found.", 404)
    return {"TypeName": name, "Type": "RESOURCE"}


@operation("accessanalyzer", "ValidatePolicy")
async def validate_policy(world: World, call: Call) -> dict[str, Any]:
    """Report the actions that the test forbids as errors."""
    forbidden = account_settings(world.state).get("forbidden", ())
    return {
        "findings": [
            {
                "findingType": "ERROR",
                "findingDetails": f"The action {action} does not exist.",
                "issueCode": "INVALID_ACTION",
                "learnMoreLink": "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference.html",
                "locations": [],
            }
            for action in forbidden
            if f'"{action}"' in call.parameters["policyDocument"]
        ]
    }


@operation("cloudwatch", "GetMetricStatistics")
async def get_metric_statistics(world: World, call: Call) -> dict[str, Any]:
    """Answer with the value that the test has set for the metric, if any."""
    name = call.parameters["MetricName"]
    values = account_settings(world.state).get("metrics", {})
    points = [{"Timestamp": moment(now()), "Maximum": float(values[name])}] if name in values else []
    return {"Label": name, "Datapoints": points}


@operation("cloudwatch", "ListDashboards")
async def list_dashboards(world: World, call: Call) -> dict[str, Any]:
    names = account_settings(world.state).get("dashboards", ())
    return {"DashboardEntries": [{"DashboardName": name} for name in names]}


@operation("cloudcontrol", "GetResource")
async def get_resource(world: World, call: Call) -> dict[str, Any]:
    type_name, name = call.parameters["TypeName"], call.parameters["Identifier"]
    others = account_settings(world.state).get("resources", {}).get(type_name, ())
    own = (each["physical"] for each in _of_stacks(world, call.scope.region, type_name))
    if name not in {*own, *others}:
        raise AwsError(
            "ResourceNotFoundException", f"Resource of type '{type_name}' with identifier '{name}' was not found."
        )
    return {"TypeName": type_name, "ResourceDescription": {"Identifier": name, "Properties": "{}"}}


@operation("iam", "GetRole")
async def get_role(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["RoleName"]
    known = world.state.get("service-linked role", name)
    if known is None:
        raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    return {"Role": _role(known)}


@operation("iam", "CreateServiceLinkedRole")
async def create_service_linked_role(world: World, call: Call) -> dict[str, Any]:
    service = call.parameters["AWSServiceName"]
    name = _SERVICE_ROLES[service]
    if world.state.get("service-linked role", name) is not None:
        raise AwsError(
            "InvalidInput", f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    role = {"name": name, "path": f"/aws-service-role/{service}/", "created": now()}
    world.state.put("service-linked role", name, role)
    return {"Role": _role(role)}


@operation("iam", "ListRoles")
async def list_roles(world: World, call: Call) -> dict[str, Any]:
    """List the service-linked roles; those of stacks are only recorded."""
    return {"Roles": [_role(role) for role in world.state.all("service-linked role")], "IsTruncated": False}


@operation("iam", "SimulatePrincipalPolicy")
async def simulate_principal_policy(world: World, call: Call) -> dict[str, Any]:
    """Deny the actions that the test forbids, and allow all others."""
    forbidden = account_settings(world.state).get("forbidden", ())
    return {
        "EvaluationResults": [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "implicitDeny" if action in forbidden else "allowed",
            }
            for action in call.parameters["ActionNames"]
            for resource in call.parameters.get("ResourceArns", ["*"])
        ],
        "IsTruncated": False,
    }


def _role(role: Document) -> dict[str, Any]:
    return {
        "Path": role["path"],
        "RoleName": role["name"],
        "RoleId": "AROADBQP57FF2AEXAMPLE",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role{role['path']}{role['name']}",
        "CreateDate": moment(role["created"]),
    }
