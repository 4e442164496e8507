"""A network, a database and a snapshot that an account had before, as AWS describes them."""

import json
from collections.abc import Callable
from typing import Any

from tests.deploy.standin.standin import StandIn

Setup = Callable[[StandIn], None]
# Returns the problems of a stage with these tables.
Problems = Callable[..., list[str]]
VPC, OTHER_VPC = "vpc-0a1", "vpc-0b2"
PRIVATE, PUBLIC = ["subnet-0a1", "subnet-0a2"], ["subnet-0c1", "subnet-0c2"]
HOST = "orders.c1.us-east-1.rds.amazonaws.com"
GROUP = "sg-0d1"
SNAPSHOT = "orders-before"

NETWORK_TABLE = f"""
[stages.dev.network]
vpc = "{VPC}"
private_subnets = {json.dumps(PRIVATE)}
public_subnets = {json.dumps(PUBLIC)}
"""
# The database has the name that the stage's own database would have.
DATABASE_TABLE = f"""
[stages.dev.database]
identifier = "guestbook-dev"
host = "{HOST}"
port = 5433
resource_id = "db-ORDERS"
security_group = "{GROUP}"
name = "orders"
operations_user = "postgres"
"""
SNAPSHOT_TABLE = f"""
[stages.dev.database]
snapshot = "{SNAPSHOT}"
name = "orders"
operations_user = "postgres"
"""


def add_network(aws: StandIn) -> None:
    """Add a VPC with two private and two public subnets, and S3's gateway endpoint."""
    for vpc in (VPC, OTHER_VPC):
        aws.put_existing("existing vpc", vpc, {"EnableDnsSupport": True, "EnableDnsHostnames": True})
    for name, zone in zip(PRIVATE, "ab", strict=True):
        add_subnet(aws, name, zone=zone)
    for name, zone in zip(PUBLIC, "ab", strict=True):
        add_subnet(aws, name, zone=zone)
    add_route_table(aws, "rtb-main", [], main=True)
    add_route_table(aws, "rtb-public", PUBLIC, GatewayId="igw-1")
    add_endpoint(aws, "s3", RouteTableIds=["rtb-main"])


def add_subnet(aws: StandIn, name: str, *, zone: str, zone_id: str = "use1-az1", **changes: Any) -> None:
    described = {
        "SubnetId": name,
        "VpcId": VPC,
        "AvailabilityZone": f"us-east-1{zone}",
        "AvailabilityZoneId": zone_id,
        "AvailableIpAddressCount": 251,
    }
    aws.put_existing("existing subnet", name, described | changes)


def add_route_table(aws: StandIn, name: str, subnets: list[str], *, main: bool = False, **default_route: str) -> None:
    """Add a route table, with a default route if its target is given."""
    links = [{"Main": False, "RouteTableId": name, "SubnetId": subnet} for subnet in subnets]
    routes = [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}]
    if default_route:
        routes.append({"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **default_route})
    described = {
        "RouteTableId": name,
        "VpcId": VPC,
        "Associations": [*links, *([{"Main": True, "RouteTableId": name}] if main else [])],
        "Routes": routes,
    }
    aws.put_existing("existing route table", name, described)


def add_endpoint(aws: StandIn, service: str, **changes: Any) -> None:
    """Add a gateway endpoint, or with PrivateDnsEnabled an interface endpoint."""
    described = {
        "VpcEndpointId": f"vpce-{service}",
        "VpcId": VPC,
        "ServiceName": f"com.amazonaws.us-east-1.{service}",
        "State": "Available",
    }
    aws.put_existing("existing endpoint", service, described | changes)


def add_database(aws: StandIn, **changes: Any) -> None:
    """Add a protected instance in the VPC, with its security group."""
    properties = {
        "Engine": "postgres",
        "Port": "5433",
        "DeletionProtection": True,
        "EnableIAMDatabaseAuthentication": True,
        "VPCSecurityGroups": [GROUP],
    }
    document = {"name": "guestbook-dev", "host": HOST, "resource_id": "db-ORDERS", "created": 0.0}
    aws.put_existing("database Instance", "guestbook-dev", {**document, "properties": properties | changes})
    add_group(aws, GROUP)


def add_group(aws: StandIn, name: str, *, vpc: str = VPC) -> None:
    by_hand = {"IpProtocol": "tcp", "FromPort": 5433, "ToPort": 5433, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
    described = {"GroupId": name, "GroupName": name, "Description": name, "VpcId": vpc, "IpPermissions": [by_hand]}
    aws.put_existing("existing security group", name, described)


def add_snapshot(aws: StandIn, *, kind: str = "Instance", **changes: Any) -> None:
    """Add an encrypted snapshot of PostgreSQL 17."""
    described = {
        "Engine": "postgres",
        "EngineVersion": "17.4",
        "Encrypted": True,
        "AllocatedStorage": 20,
        "MasterUsername": "postgres",
    }
    document = {"name": SNAPSHOT, "database": "orders", "created": 0.0, "kind": kind}
    aws.put_existing("database snapshot", SNAPSHOT, {**document, "described": described | changes})
