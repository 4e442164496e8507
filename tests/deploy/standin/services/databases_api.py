"""Implements the questions about databases and snapshots in RDS."""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.world import ACCOUNT, World

# The ports of the other engines than PostgreSQL.
_PORTS = {"mariadb": 3306, "mysql": 3306, "oracle-se2": 1521, "sqlserver-se": 1433, "sqlserver-web": 1433}


@operation("rds", "DescribeDBInstances")
async def describe_db_instances(world: World, call: Call) -> dict[str, Any]:
    return {
        "DBInstances": [
            {
                "DBInstanceIdentifier": each["name"],
                "DBInstanceStatus": "available",
                "DBInstanceClass": each["properties"].get("DBInstanceClass", "db.t4g.small"),
                "Engine": each["properties"].get("Engine", "postgres"),
                "EngineVersion": str(each["properties"].get("EngineVersion", "17.4")),
                "DbiResourceId": each["resource_id"],
                "Endpoint": {"Address": each["host"], "Port": _port(each["properties"])},
                **_shared_fields(each, "VPCSecurityGroups"),
                "DeletionProtection": str(each["properties"].get("DeletionProtection", "")).lower() == "true",
            }
            for each in _databases(world, call, "Instance")
        ]
    }


@operation("rds", "DescribeDBClusters")
async def describe_db_clusters(world: World, call: Call) -> dict[str, Any]:
    return {
        "DBClusters": [
            {
                "DBClusterIdentifier": each["name"],
                "Status": "available",
                "Engine": "aurora-postgresql",
                "EngineVersion": str(each["properties"].get("EngineVersion", "17.4")),
                "DBClusterArn": f"arn:aws:rds:{call.scope.region}:{ACCOUNT}:cluster:{each['name']}",
                "DbClusterResourceId": each["resource_id"],
                "HttpEndpointEnabled": str(each["properties"].get("EnableHttpEndpoint", "")).lower() == "true",
                "Endpoint": each["host"],
                "Port": _port(each["properties"]),
                **_shared_fields(each, "VpcSecurityGroupIds"),
                **_capacity(each["properties"]),
                "DeletionProtection": str(each["properties"].get("DeletionProtection", "")).lower() == "true",
            }
            for each in _databases(world, call, "Cluster")
        ]
    }


@operation("rds", "DescribeDBSnapshots")
async def describe_db_snapshots(world: World, call: Call) -> dict[str, Any]:
    found = _snapshots(world, call, "Instance")
    return {
        "DBSnapshots": [
            {
                "DBSnapshotIdentifier": each["name"],
                "DBInstanceIdentifier": each["database"],
                "Status": "available",
                **each.get("described", {}),
            }
            for each in found
        ]
    }


@operation("rds", "DescribeDBClusterSnapshots")
async def describe_db_cluster_snapshots(world: World, call: Call) -> dict[str, Any]:
    found = _snapshots(world, call, "Cluster")
    return {
        "DBClusterSnapshots": [
            {
                "DBClusterSnapshotIdentifier": each["name"],
                "DBClusterIdentifier": each["database"],
                "Status": "available",
                **each.get("described", {}),
            }
            for each in found
        ]
    }


def _snapshots(world: World, call: Call, kind: str) -> list[dict[str, Any]]:
    prefix = "DB" if kind == "Instance" else "DBCluster"
    wanted, database = call.parameters.get(f"{prefix}SnapshotIdentifier"), call.parameters.get(f"DB{kind}Identifier")
    found = [
        each
        for each in world.state.all("database snapshot", f"{call.scope.region}/")
        if each["kind"] == kind and database in {None, each["database"]} and wanted in {None, each["name"]}
    ]
    if wanted is not None and not found:
        fault = "DBSnapshotNotFound" if kind == "Instance" else "DBClusterSnapshotNotFoundFault"
        raise AwsError(fault, f"{prefix}Snapshot {wanted} not found.", 404)
    return found


def _shared_fields(database: dict[str, Any], groups: str) -> dict[str, Any]:
    properties = database["properties"]
    tokens = str(properties.get("EnableIAMDatabaseAuthentication", "")).lower() == "true"
    named = properties.get(groups, [])
    return {
        "IAMDatabaseAuthenticationEnabled": tokens,
        "VpcSecurityGroups": [{"VpcSecurityGroupId": each, "Status": "active"} for each in named],
    }


def _capacity(properties: dict[str, Any]) -> dict[str, Any]:
    given = properties.get("ServerlessV2ScalingConfiguration")
    if not given:
        return {}
    whole = {"SecondsUntilAutoPause"}
    return {
        "ServerlessV2ScalingConfiguration": {
            name: int(value) if name in whole else float(value) for name, value in given.items()
        }
    }


def _databases(world: World, call: Call, kind: str) -> list[dict[str, Any]]:
    wanted = call.parameters.get(f"DB{kind}Identifier")
    every = world.state.all(f"database {kind}", f"{call.scope.region}/")
    found = [each for each in every if wanted in {None, each["name"]}]
    if wanted is not None and not found:
        code = f"DB{kind}NotFound" if kind == "Instance" else "DBClusterNotFoundFault"
        raise AwsError(code, f"DB{kind} {wanted} not found.", 404)
    return found


def _port(properties: dict[str, Any]) -> int:
    return int(properties.get("Port", _PORTS.get(properties.get("Engine", ""), 5432)))
