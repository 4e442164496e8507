"""The network opens exactly the paths that the application needs."""

import re
from typing import Any

import pytest

from tests.deploy.templates.analysis.mutations import mutate
from tests.deploy.templates.analysis.reachability import (
    WORLD,
    Path,
    Place,
    has_nat,
    is_public,
    mismatched_rules,
    paths,
    places,
    services_by_endpoint,
    zones,
)
from tests.deploy.templates.analysis.stacks import Deployment, deploy, read_template

pytestmark = pytest.mark.profile_free

GROUPS, ENDPOINTS, NETWORK = (
    "foundation/security-groups.yaml",
    "foundation/endpoints.yaml",
    "foundation/network.yaml",
)
APPLICATION = {
    "AWS::AppRunner::VpcConnector",
    "AWS::ECS::ExpressGatewayService",
    "AWS::ECS::Service",
    "AWS::Lambda::Function",
    # The rotation function connects to the database as the application does.
    "AWS::SecretsManager::RotationSchedule",
}
DATABASE = {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}
PUBLIC = {"AWS::ECS::ExpressGatewayService", "AWS::ElasticLoadBalancingV2::LoadBalancer"}
GATEWAYS = {"dynamodb", "s3"}
# The AWS services that the code calls, and those that ECS needs to start a task.
SERVICES = GATEWAYS | {"ecr.api", "ecr.dkr", "logs", "secretsmanager"}

VARIANTS = [
    {},
    {"Egress": "endpoints"},
    {"Egress": "endpoints", "Engine": "aurora", "Credentials": "secretsmanager"},
    {"Egress": "nat", "Engine": "aurora"},
    {"Egress": "nat", "Credentials": "secretsmanager", "Production": "yes"},
]
by_variant = pytest.mark.parametrize(
    "deployment",
    [deploy(**parameters) for parameters in VARIANTS],
    ids=[",".join(parameters.values()) or "defaults" for parameters in VARIANTS],
)


def expected_paths(deployment: Deployment) -> set[Path]:
    def named(*types: str) -> list[str]:
        return [str(place) for place in places(deployment) if place.resource.type in types]

    application, database, proxy = named(*APPLICATION), named(*DATABASE), named("AWS::RDS::DBProxy")
    balancer, endpoints = named("AWS::ElasticLoadBalancingV2::LoadBalancer"), named("AWS::EC2::VPCEndpoint")
    assert len(application) >= 5
    assert (len(database), len(proxy), len(balancer)) == (1, 1, 1)
    ways = [
        (application, database, 5432),
        (application, proxy, 5432),
        (proxy, database, 5432),
        (application, endpoints, 443),
        (application, [WORLD], 443),
        (balancer, application, 8000),
        ([WORLD], balancer, 80),
        ([WORLD], balancer, 443),
        # The application may reach any HTTPS address, and the load balancer has a public address.
        (application, balancer, 443),
    ]
    return {
        Path(source, destination, port, port)
        for sources, destinations, port in ways
        for source in sources
        for destination in destinations
    }


def misplaced(deployment: Deployment) -> list[str]:
    """Return the places that are wrongly public, wrongly private or in only one zone."""
    found = []
    for place in places(deployment):
        in_public = place.resource.type in PUBLIC or has_public_address(place)
        stands_in_public = {is_public(deployment, subnet) for subnet in place.subnets}
        if stands_in_public != {in_public} or len(zones(deployment, place.subnets)) != 2:
            found.append(str(place))
    return found


def has_public_address(place: Place) -> bool:
    if place.resource.type != "AWS::ECS::Service":
        return False
    network = place.resource.properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    return {"ENABLED": True, "DISABLED": False}[network["AssignPublicIp"]]


def unreachable_services(deployment: Deployment) -> dict[str, set[str]]:
    """Map each of the application's places to the services that it needs under the chosen `Egress` but cannot reach."""
    found = {}
    for place in places(deployment):
        if place.resource.type in APPLICATION:
            wanted = GATEWAYS if reaches_the_internet(deployment, place) or not has_endpoints(deployment) else SERVICES
            if missing := wanted - services_by_endpoint(deployment, place):
                found[str(place)] = missing
    return found


def reaches_the_internet(deployment: Deployment, place: Place) -> bool:
    by_address = place.resource.type == "AWS::ECS::ExpressGatewayService" or has_public_address(place)
    return all(
        has_nat(deployment, subnet) or (by_address and is_public(deployment, subnet)) for subnet in place.subnets
    )


def has_endpoints(deployment: Deployment) -> bool:
    return ENDPOINTS in deployment.stacks


@by_variant
def test_exactly_the_expected_paths_are_open(deployment: Deployment):
    assert paths(deployment) == expected_paths(deployment)
    assert mismatched_rules(deployment) == set()


@pytest.mark.parametrize("egress", ["none", "endpoints", "nat"])
def test_further_ports_lead_from_the_application_to_any_address(egress: str):
    deployment = deploy(Egress=egress, EgressPorts="587,6379")
    application = [str(place) for place in places(deployment) if place.resource.type in APPLICATION]

    assert paths(deployment) == expected_paths(deployment) | {
        Path(source, WORLD, port, port) for source in application for port in (587, 6379)
    }


def test_mail_reaches_its_endpoint_at_its_port():
    opened = [
        paths(deploy(Egress="endpoints", EgressPorts="587", MailEndpoint=choice)) - paths(deploy(Egress="endpoints"))
        for choice in ("no", "yes")
    ]

    without, with_mail = ({(path.destination, path.first_port) for path in each} for each in opened)
    assert without == {(WORLD, 587)}
    assert (f"{ENDPOINTS} Mail", 587) in with_mail


def test_the_api_of_ses_has_an_endpoint_of_its_own():
    without, with_api = (deploy(Egress="endpoints", MailEndpoint=choice).stacks[ENDPOINTS] for choice in ("no", "api"))

    assert with_api.resources.keys() - without.resources.keys() == {"MailApi"}
    assert with_api.resources["MailApi"].properties["ServiceName"] == "com.amazonaws.us-east-1.email"


@pytest.mark.parametrize(
    ("ports", "is_accepted"),
    [("", True), ("587", True), ("25,80,587,6379,65535", True), ("65536", False), ("0", False), ("1,2,3,4,5,6", False)],
)
def test_further_ports_are_at_most_five_numbers(ports: str, is_accepted: bool):
    pattern = read_template(GROUPS)["Parameters"]["EgressPorts"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, ports)) == is_accepted


@by_variant
def test_places_are_in_the_right_subnets_of_two_zones(deployment: Deployment):
    assert misplaced(deployment) == []


@by_variant
def test_endpoints_cover_services_without_another_route(deployment: Deployment):
    assert unreachable_services(deployment) == {}


@pytest.mark.parametrize("egress", ["none", "endpoints", "nat"])
def test_a_task_reaches_the_registry_whatever_the_egress(egress: str):
    deployment = deploy(Egress=egress)
    (task,) = [place for place in places(deployment) if place.resource.type == "AWS::ECS::Service"]

    by_endpoints = egress == "endpoints"
    assert reaches_the_internet(deployment, task) is not by_endpoints
    assert services_by_endpoint(deployment, task) == (SERVICES if by_endpoints else GATEWAYS)


@pytest.mark.parametrize("egress", ["none", "endpoints"])
def test_without_nat_private_subnets_have_no_internet(egress: str):
    deployment = deploy(Egress=egress)
    private = {subnet for place in places(deployment) if place.resource.type in DATABASE for subnet in place.subnets}

    assert len(private) == 2
    assert not any(has_nat(deployment, subnet) or is_public(deployment, subnet) for subnet in private)


@pytest.mark.parametrize("name", sorted(SERVICES - GATEWAYS))
def test_a_missing_endpoint_is_found(name: str):
    (endpoint,) = [
        resource
        for resource, declared in read_template(ENDPOINTS)["Resources"].items()
        if str(declared["Properties"].get("ServiceName")).endswith(f".{name}'}}")
    ]
    mutated = mutate(ENDPOINTS, f"{endpoint}/Properties/ServiceName", "com.amazonaws.us-east-1.ssm")

    missing = unreachable_services(deploy(mutated, Egress="endpoints"))

    assert set().union(*missing.values()) == {name}


DATABASE_YAML, PROXY, BALANCER = "foundation/database.yaml", "foundation/proxy.yaml", "ecs/load-balancer.yaml"
EGRESS = "ApplicationGroup/Properties/SecurityGroupEgress"
OPEN = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIp": WORLD}


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        (GROUPS, f"{EGRESS}/0", None),
        (GROUPS, f"{EGRESS}/1", None),
        (GROUPS, f"{EGRESS}/2", None),
        (GROUPS, f"{EGRESS}/2/ToPort", 65535),
        (GROUPS, f"{EGRESS}/2/FromPort", 80),
        (GROUPS, f"{EGRESS}/0/FromPort", 5433),
        (GROUPS, EGRESS, None),
        (GROUPS, "ProxyGroup/Properties/SecurityGroupEgress", None),
        (GROUPS, "DatabaseGroup/Properties/SecurityGroupEgress", None),
        (GROUPS, "DatabaseGroup/Properties/SecurityGroupIngress", [OPEN]),
        (GROUPS, "ProxyFromApplication/Properties/ToPort", 3306),
        (GROUPS, "ProxyFromApplication/Properties/IpProtocol", "-1"),
        (GROUPS, "DatabaseFromApplication/Properties/FromPort", 0),
        (GROUPS, "DatabaseFromApplication/Properties/SourceSecurityGroupId", {"Ref": "ProxyGroup"}),
        (GROUPS, "DatabaseFromProxy/Properties/GroupId", {"Ref": "ProxyGroup"}),
        (GROUPS, "DatabaseFromProxy", None),
        (ENDPOINTS, "EndpointGroup/Properties/SecurityGroupIngress/0/ToPort", 80),
        (ENDPOINTS, "EndpointGroup/Properties/SecurityGroupEgress", None),
        (ENDPOINTS, "Logs/Properties/SecurityGroupIds", [{"Fn::ImportValue": "webapp-dev-database-group"}]),
        (
            DATABASE_YAML,
            "DatabaseInstance/Properties/VPCSecurityGroups",
            [{"Fn::ImportValue": "webapp-dev-proxy-group"}],
        ),
        (PROXY, "Proxy/Properties/VpcSecurityGroupIds", [{"Fn::ImportValue": "webapp-dev-application-group"}]),
        (BALANCER, "ApplicationFromLoadBalancer/Properties/FromPort", 1),
        (BALANCER, "ApplicationFromLoadBalancer/Properties/ToPort", 7999),
        (BALANCER, "LoadBalancerGroup/Properties/SecurityGroupEgress", None),
        (BALANCER, "LoadBalancerGroup/Properties/SecurityGroupIngress/0", None),
    ],
)
def test_a_missing_or_too_wide_path_is_found(template: str, path: str, value: Any):
    deployment = deploy(mutate(template, path, value), Egress="endpoints")

    assert paths(deployment) != expected_paths(deployment) or mismatched_rules(deployment)


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        (NETWORK, "PrivateRoutesA/Properties/RouteTableId", {"Ref": "PublicRoutes"}),
        (NETWORK, "PublicRoutesB", None),
        (NETWORK, "InternetRoute", None),
        (NETWORK, "InternetAttachment", None),
        (NETWORK, "PrivateSubnetB/Properties/AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("ecs/fargate.yaml", "Service/Properties/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", "DISABLED"),
        (
            PROXY,
            "Proxy/Properties/VpcSubnetIds",
            {"Fn::Split": [",", {"Fn::ImportValue": "webapp-dev-public-subnets"}]},
        ),
    ],
)
def test_a_place_in_the_wrong_subnets_is_found(template: str, path: str, value: Any):
    assert misplaced(deploy(mutate(template, path, value))) != []


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        (NETWORK, "S3Endpoint", None),
        (NETWORK, "PrivateRoutesA", None),
        (NETWORK, "S3Endpoint/Properties/RouteTableIds", [{"Ref": "PublicRoutes"}]),
        (ENDPOINTS, "Secrets/Properties/PrivateDnsEnabled", False),
        (ENDPOINTS, "Logs", None),
        (GROUPS, f"{EGRESS}/2", None),
    ],
)
def test_an_unreachable_service_is_found(template: str, path: str, value: Any):
    assert unreachable_services(deploy(mutate(template, path, value), Egress="endpoints")) != {}


def test_a_nat_gateway_without_internet_is_found():
    mutated = mutate(NETWORK, "NatGateway/Properties/SubnetId", {"Ref": "PrivateSubnetA"})
    deployment = deploy(mutated, Egress="nat")

    assert not any(has_nat(deployment, subnet) for place in places(deployment) for subnet in place.subnets)
