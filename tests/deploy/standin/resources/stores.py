"""What keeps something: log groups, buckets, registries, databases, alarms."""

import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, Made, Remembered, register
from tests.deploy.standin.resources.secret_references import own_call
from tests.deploy.standin.runtime.images import images_of
from tests.deploy.standin.runtime.log_files import delete_group, group, put_group
from tests.deploy.standin.world import now


class LogGroupHandler:
    """A log group."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Made:
        name = properties.get("LogGroupName") or context.generated_name()
        known = group(context.world.state, context.region, name)
        resource = context.stack["resources"][context.logical_id]
        if known is not None and resource.get("physical") != name:
            raise AwsError("Failed", f"Resource of type 'AWS::Logs::LogGroup' with identifier '{name}' already exists.")
        return self._put(context, name, properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> Made:
        return self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        delete_group(context.world.state, context.region, physical_id)

    def _put(self, context: Context, name: str, properties: dict[str, Any]) -> Made:
        retention = properties.get("RetentionInDays")
        put_group(context.world.state, context.region, name, None if retention is None else int(retention))
        return Made(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})


class BucketHandler:
    """A bucket of moto's."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Made:
        name = properties.get("BucketName") or context.generated_name(longest=63).lower()
        place = (
            {}
            if context.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": context.region}}
        )
        await own_call(context.world, "s3", context.region, "create_bucket", Bucket=name, **place)
        return self._made(name)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> Made:
        return self._made(physical_id)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await own_call(context.world, "s3", context.region, "delete_bucket", Bucket=physical_id)

    def _made(self, name: str) -> Made:
        address = f"{name}.s3.amazonaws.com"
        return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": address, "RegionalDomainName": address})


class RepositoryHandler:
    """A registry's repository."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Made:
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
        return Made(name, {"Arn": arn, "RepositoryUri": repository["uri"]})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> Made:
        return Made(physical_id, context.stack["resources"][context.logical_id]["attributes"])

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
    """An instance or a cluster of RDS: a name and a state, the database itself is the network's affair."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    async def create(self, context: Context, properties: dict[str, Any]) -> Made:
        name = properties.get(f"DB{self._kind}Identifier") or context.generated_name().lower()
        return self._put(
            context,
            name,
            properties,
            f"{'db' if self._kind == 'Instance' else 'cluster'}-{secrets.token_hex(13).upper()}",
        )

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> Made:
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

    def _put(self, context: Context, name: str, properties: dict[str, Any], resource_id: str) -> Made:
        host = f"{name}.{'c1' if self._kind == 'Instance' else 'cluster-c1'}.{context.region}.rds.amazonaws.com"
        database = {"name": name, "host": host, "resource_id": resource_id, "created": now(), "properties": properties}
        context.world.state.put(f"database {self._kind}", f"{context.region}/{name}", database)
        resource_key = "DbiResourceId" if self._kind == "Instance" else "DBClusterResourceId"
        return Made(name, {"Endpoint.Address": host, "Endpoint.Port": "5432", resource_key: resource_id})


class ProxyHandler(Remembered):
    """RDS Proxy: an address and an ARN that names its resource."""

    def _made(self, context: Context, physical_id: str, properties: dict[str, Any]) -> Made:
        host = f"{physical_id}.proxy-c1.{context.region}.rds.amazonaws.com"
        known = context.stack["resources"][context.logical_id].get("attributes", {})
        arn = known.get("DBProxyArn") or context.arn("rds", f"db-proxy:prx-{secrets.token_hex(9)}")
        return Made(physical_id, {"Endpoint": host, "DBProxyArn": arn, "VpcId": "vpc-0"})


class AlarmHandler:
    """An alarm, which nothing but the test sets off."""

    async def create(self, context: Context, properties: dict[str, Any]) -> Made:
        return self._put(context, properties.get("AlarmName") or context.generated_name(), properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> Made:
        return self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("alarm", f"{context.region}/{physical_id}")

    def _put(self, context: Context, name: str, properties: dict[str, Any]) -> Made:
        key, arn = f"{context.region}/{name}", context.arn("cloudwatch", f"alarm:{name}")
        known = context.world.state.get("alarm", key) or {"state": "OK", "reason": "no data", "since": now()}
        context.world.state.put("alarm", key, {**known, "name": name, "arn": arn, "properties": properties})
        return Made(name, {"Arn": arn})


register("AWS::Logs::LogGroup", LogGroupHandler())
register("AWS::S3::Bucket", BucketHandler())
register("AWS::ECR::Repository", RepositoryHandler())
register("AWS::RDS::DBInstance", DatabaseHandler("Instance"))
register("AWS::RDS::DBCluster", DatabaseHandler("Cluster"))
register("AWS::RDS::DBProxy", ProxyHandler("AWS::RDS::DBProxy"))
register("AWS::CloudWatch::Alarm", AlarmHandler())
