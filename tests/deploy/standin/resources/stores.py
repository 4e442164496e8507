"""Handles the resources that store something: log groups, buckets, repositories, databases, alarms."""

import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, RecordOnlyHandler, ResourceResult, register
from tests.deploy.standin.resources.secret_references import call_standin
from tests.deploy.standin.runtime.images import images_of
from tests.deploy.standin.runtime.log_files import delete_group, group, put_group
from tests.deploy.standin.world import now


class LogGroupHandler:
    """A log group."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("LogGroupName") or context.generated_name()
        known = group(context.world.state, context.region, name)
        resource = context.stack["resources"][context.logical_id]
        if known is not None and resource.get("physical") != name:
            raise AwsError("Failed", f"Resource of type 'AWS::Logs::LogGroup' with identifier '{name}' already exists.")
        return self._put(context, name, properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        delete_group(context.world.state, context.region, physical_id)

    def _put(self, context: Context, name: str, properties: dict[str, Any]) -> ResourceResult:
        retention = properties.get("RetentionInDays")
        put_group(context.world.state, context.region, name, None if retention is None else int(retention))
        return ResourceResult(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})


class BucketHandler:
    """A bucket in moto."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("BucketName") or context.generated_name(longest=63).lower()
        place = (
            {}
            if context.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": context.region}}
        )
        await call_standin(context.world, "s3", context.region, "create_bucket", Bucket=name, **place)
        return self._result(name)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return self._result(physical_id)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await call_standin(context.world, "s3", context.region, "delete_bucket", Bucket=physical_id)

    def _result(self, name: str) -> ResourceResult:
        address = f"{name}.s3.amazonaws.com"
        return ResourceResult(
            name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": address, "RegionalDomainName": address}
        )


class RepositoryHandler:
    """An ECR repository."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("RepositoryName") or context.generated_name().lower()
        key = f"{context.region}/{name}"
        known = context.world.state.get("repository", key)
        if known is not None and known["stack"] != context.stack["id"]:
            raise AwsError(
                "Failed", f"Resource of type 'AWS::ECR::Repository' with identifier '{name}' already exists."
            )
        host = context.world.registry or f"123456789012.dkr.ecr.{context.region}.amazonaws.com"
        arn = context.arn("ecr", f"repository/{name}")
        repository = {"name": name, "arn": arn, "uri": f"{host}/{name}", "created": now(), "stack": context.stack["id"]}
        context.world.state.put("repository", key, repository)
        return ResourceResult(name, {"Arn": arn, "RepositoryUri": repository["uri"]})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, context.stack["resources"][context.logical_id]["attributes"])

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        images = await images_of(context.world.state, context.world.registry, physical_id)
        if images and not properties.get("EmptyOnDelete"):
            raise AwsError(
                "Failed",
                f"The repository with name '{physical_id}' in registry with id '123456789012' "
                "cannot be deleted because it still contains images",
            )
        context.world.state.delete("repository", f"{context.region}/{physical_id}")


class DatabaseHandler:
    """An RDS instance or cluster: only a name and a status; the overlay provides the actual database."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get(f"DB{self._kind}Identifier") or context.generated_name().lower()
        snapshot = properties.get("DBSnapshotIdentifier") or properties.get("SnapshotIdentifier")
        if snapshot and context.world.state.get("database snapshot", f"{context.region}/{snapshot}") is None:
            raise AwsError("Failed", f"DBSnapshot not found: {snapshot}")
        known = context.world.state.get(f"database {self._kind}", f"{context.region}/{name}")
        if known is not None and context.stack["resources"][context.logical_id].get("physical") != name:
            raise AwsError("Failed", f"DB{self._kind} already exists: {name}")
        return self._put(
            context,
            name,
            properties,
            f"{'db' if self._kind == 'Instance' else 'cluster'}-{secrets.token_hex(13).upper()}",
        )

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        known = context.world.state.get(f"database {self._kind}", f"{context.region}/{physical_id}")
        assert known is not None
        return self._put(context, physical_id, properties, known["resource_id"])

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        if str(properties.get("DeletionProtection", "false")).lower() == "true":
            raise AwsError(
                "Failed",
                f"Cannot delete protected DB {self._kind}, please disable deletion protection and try again.",
            )
        context.world.state.delete(f"database {self._kind}", f"{context.region}/{physical_id}")
        if context.stack["resources"][context.logical_id].get("deletion") == "Snapshot":
            name = f"{context.stack['name']}-snapshot-{physical_id}-{secrets.token_hex(6)}"
            snapshot = {"name": name, "database": physical_id, "created": now(), "kind": self._kind}
            context.world.state.put("database snapshot", f"{context.region}/{name}", snapshot)

    def _put(self, context: Context, name: str, properties: dict[str, Any], resource_id: str) -> ResourceResult:
        host = f"{name}.{'c1' if self._kind == 'Instance' else 'cluster-c1'}.{context.region}.rds.amazonaws.com"
        database = {"name": name, "host": host, "resource_id": resource_id, "created": now(), "properties": properties}
        context.world.state.put(f"database {self._kind}", f"{context.region}/{name}", database)
        resource_key = "DbiResourceId" if self._kind == "Instance" else "DBClusterResourceId"
        return ResourceResult(name, {"Endpoint.Address": host, "Endpoint.Port": "5432", resource_key: resource_id})


class ProxyHandler(RecordOnlyHandler):
    """An RDS Proxy, with an address and an ARN that contains its resource id."""

    def _result(self, context: Context, physical_id: str, properties: dict[str, Any]) -> ResourceResult:
        host = f"{physical_id}.proxy-c1.{context.region}.rds.amazonaws.com"
        known = context.stack["resources"][context.logical_id].get("attributes", {})
        arn = known.get("DBProxyArn") or context.arn("rds", f"db-proxy:prx-{secrets.token_hex(9)}")
        return ResourceResult(physical_id, {"Endpoint": host, "DBProxyArn": arn, "VpcId": "vpc-0"})


class AlarmHandler:
    """An alarm; only a test sets it off."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        return self._put(context, properties.get("AlarmName") or context.generated_name(), properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("alarm", f"{context.region}/{physical_id}")

    def _put(self, context: Context, name: str, properties: dict[str, Any]) -> ResourceResult:
        key, arn = f"{context.region}/{name}", context.arn("cloudwatch", f"alarm:{name}")
        known = context.world.state.get("alarm", key) or {"state": "OK", "reason": "no data", "since": now()}
        context.world.state.put("alarm", key, {**known, "name": name, "arn": arn, "properties": properties})
        return ResourceResult(name, {"Arn": arn})


register("AWS::Logs::LogGroup", LogGroupHandler())
register("AWS::S3::Bucket", BucketHandler())
register("AWS::ECR::Repository", RepositoryHandler())
register("AWS::RDS::DBInstance", DatabaseHandler("Instance"))
register("AWS::RDS::DBCluster", DatabaseHandler("Cluster"))
register("AWS::RDS::DBProxy", ProxyHandler("AWS::RDS::DBProxy"))
register("AWS::CloudWatch::Alarm", AlarmHandler())
