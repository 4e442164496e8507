"""Handles AWS::Lambda: functions from images, their versions and the alias that receives the traffic."""

import secrets
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, ResourceResult, register
from tests.deploy.standin.resources.secret_references import resolve_secrets
from tests.deploy.standin.runtime.concurrency import LEAST_UNRESERVED, unreserved
from tests.deploy.standin.runtime.front import delete_address, put_address
from tests.deploy.standin.runtime.images import find_by_uri
from tests.deploy.standin.services.interfaces import leave_interface
from tests.deploy.standin.world import now

# Lambda's limit for an image: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LARGEST_IMAGE_BYTES = 10 * 1024**3
_INDEXES = {
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
}
# The weights of a shift's steps. AllAtOnce gets one step of weight zero, at which its alarms are checked.
_STEPS = {"AllAtOnce": (0.0,), "Canary": (0.1,), "Linear": tuple(tenths / 10 for tenths in range(1, 10))}


class FunctionHandler:
    """A function whose code is an image that must be in the registry."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("FunctionName") or context.generated_name(longest=64)
        owner = self._kept(context, name)
        if owner is not None and owner["stack"] != context.stack["id"]:
            raise _handler_error(f"Function already exist: {name}", 409)
        return await self._put(context, name, properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return await self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        state, prefix = context.world.state, f"{context.region}/{physical_id}"
        if state.get("function", prefix) is not None and "VpcConfig" in properties:
            leave_interface(context.world, context.region, physical_id, properties["VpcConfig"]["SecurityGroupIds"])
        state.delete("function", prefix)
        for version in state.all("function version", f"{prefix}/"):
            state.delete("function version", f"{prefix}/{version['version']}")
        await context.world.functions.retire(context.region, physical_id)

    async def _put(self, context: Context, name: str, properties: dict[str, Any]) -> ResourceResult:
        await _check_image(context, properties["Code"]["ImageUri"])
        _check_concurrency(context, name, int(properties.get("ReservedConcurrentExecutions", 0)))
        resolved = await resolve_secrets(context, properties)
        arn = context.arn("lambda", f"function:{name}")
        known = self._kept(context, name) or {"number": 0, "published": None}
        context.world.state.put(
            "function",
            f"{context.region}/{name}",
            {
                **known,
                "name": name,
                "arn": arn,
                "region": context.region,
                "version": "$LATEST",
                "properties": resolved,
                "updated": now(),
                "stack": context.stack["id"],
            },
        )
        return ResourceResult(name, {"Arn": arn})

    def _kept(self, context: Context, name: str) -> dict[str, Any] | None:
        return context.world.state.get("function", f"{context.region}/{name}")


class VersionHandler:
    """A published snapshot of a function."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        state = context.world.state
        function = context.world.functions.find(context.region, properties["FunctionName"])
        if function["published"] == function["properties"]:
            raise _handler_error(
                f"A version for this Lambda function exists ( {function['number']} ). "
                "Modify the function to create a new version.",
                409,
            )
        number = str(function["number"] + 1)
        key = f"{context.region}/{function['name']}"
        version = {**function, "version": number, "description": properties.get("Description", "")}
        state.put("function version", f"{key}/{number}", version)
        state.put("function", key, {**function, "number": int(number), "published": function["properties"]})
        arn = f"{function['arn']}:{number}"
        return ResourceResult(arn, {"Version": number, "FunctionArn": arn})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, {"Version": physical_id.rpartition(":")[2], "FunctionArn": physical_id})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        _, _, name_and_number = physical_id.partition(":function:")
        name, _, number = name_and_number.partition(":")
        for alias in context.world.state.all("alias", f"{context.region}/{name}/"):
            if number in {alias["version"], *alias["weights"]}:
                raise _handler_error(f"Version {number} is used by the alias {alias['name']}", 409)
        context.world.state.delete("function version", f"{context.region}/{name}/{number}")


class AliasHandler:
    """An alias; CodeDeploy shifts its traffic to the next version, and back if an alarm goes off."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        return self._put(context, properties, str(properties["FunctionVersion"]), {})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        old, new = str(former["FunctionVersion"]), str(properties["FunctionVersion"])
        policy = context.update_policy.get("CodeDeployLambdaAliasUpdate")
        # A stack that rolls back shifts all traffic at once.
        if policy is not None and old != new and context.stack["status"] == "UPDATE_IN_PROGRESS":
            await self._shift(context, properties, policy, old, new)
        return self._put(context, properties, new, {})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        name = _name_of(properties["FunctionName"])
        context.world.state.delete("alias", f"{context.region}/{name}/{properties['Name']}")

    async def _shift(
        self, context: Context, properties: dict[str, Any], policy: dict[str, Any], old: str, new: str
    ) -> None:
        state = context.world.state
        group = state.get("deployment group", f"{context.region}/{policy['DeploymentGroupName']}")
        assert group is not None, "the alias refers to it"
        deployment = {
            "id": f"d-{secrets.token_hex(5).upper()[:9]}",
            "application": policy["ApplicationName"],
            "group": policy["DeploymentGroupName"],
            "configuration": group["configuration"],
            "created": now(),
            "status": "InProgress",
            "region": context.region,
        }
        key = f"{context.region}/{deployment['id']}"
        for weight in next(steps for kind, steps in _STEPS.items() if kind in group["configuration"]):
            self._put(context, properties, old, {new: weight})
            state.put("deployment", key, deployment)
            await context.world.faults.wait_for_shift()
            alarming = [name for name in group["alarms"] if _is_alarming(context, name)]
            if alarming:
                self._put(context, properties, old, {})
                state.put("deployment", key, {**deployment, "status": "Stopped", "finished": now()})
                raise AwsError(
                    "Failed",
                    f"CodeDeploy deployment {deployment['id']} failed. One or more alarms have been activated "
                    f"according to the Amazon CloudWatch metrics you selected, and the affected deployments have been "
                    f"stopped. Activated alarms: <{', '.join(alarming)}>",
                )
        state.put("deployment", key, {**deployment, "status": "Succeeded", "finished": now()})

    def _put(
        self, context: Context, properties: dict[str, Any], version: str, weights: dict[str, float]
    ) -> ResourceResult:
        function = context.world.functions.find(context.region, properties["FunctionName"])
        arn = f"{function['arn']}:{properties['Name']}"
        alias = {"name": properties["Name"], "function": function["name"], "arn": arn, "version": version}
        alias["weights"] = weights
        context.world.state.put("alias", f"{context.region}/{function['name']}/{alias['name']}", alias)
        return ResourceResult(arn, {"AliasArn": arn})


class UrlHandler:
    """A function URL."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        function = context.world.functions.find(context.region, properties["TargetFunctionArn"])
        host = f"{secrets.token_hex(16)}.lambda-url.{context.region}.on.aws"
        what = {"region": context.region, "function": function["name"], "qualifier": properties.get("Qualifier")}
        put_address(context.world, host, {**what, "failure_status": 502})
        return ResourceResult(function["arn"], {"FunctionArn": function["arn"], "FunctionUrl": f"https://{host}/"})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, context.stack["resources"][context.logical_id]["attributes"])

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        url = context.stack["resources"][context.logical_id]["attributes"]["FunctionUrl"]
        delete_address(context.world, url.removeprefix("https://").rstrip("/"))


class DeploymentGroupHandler:
    """CodeDeploy's shift configuration and the alarms that stop a shift."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        return self._put(context, properties.get("DeploymentGroupName") or context.generated_name(), properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return self._put(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        context.world.state.delete("deployment group", f"{context.region}/{physical_id}")

    def _put(self, context: Context, name: str, properties: dict[str, Any]) -> ResourceResult:
        alarms = properties.get("AlarmConfiguration", {})
        group = {
            "configuration": properties["DeploymentConfigName"],
            "alarms": [alarm["Name"] for alarm in alarms.get("Alarms", [])] if alarms.get("Enabled") else [],
        }
        context.world.state.put("deployment group", f"{context.region}/{name}", group)
        return ResourceResult(name)


async def _check_image(context: Context, image_uri: str) -> None:
    image = await find_by_uri(context.world.state, context.world.registry, image_uri)
    if image is None:
        raise _handler_error(f"Source image {image_uri} does not exist. Provide a valid source image.", 400)
    if image["media_type"] in _INDEXES:
        raise _handler_error(
            f"The image manifest, config or layer media type for the source image {image_uri} is not supported.", 400
        )
    if image["size_bytes"] > _LARGEST_IMAGE_BYTES:
        raise _handler_error(f"Source image {image_uri} is too large: the largest that Lambda takes has 10240 MB", 400)


def _check_concurrency(context: Context, name: str, reserved: int) -> None:
    left = unreserved(context.world.state, context.region, without=name) - reserved
    if reserved and left < LEAST_UNRESERVED:
        raise _handler_error(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{LEAST_UNRESERVED}].",
            400,
        )


def _is_alarming(context: Context, name: str) -> bool:
    alarm = context.world.state.get("alarm", f"{context.region}/{name}")
    return alarm is not None and alarm["state"] == "ALARM"


def _name_of(function: str) -> str:
    return function.split(":")[6] if function.startswith("arn:") else function


def _handler_error(message: str, status: int) -> AwsError:
    request_id = secrets.token_hex(16)
    return AwsError(
        "Failed",
        f'Resource handler returned message: "{message} (Service: Lambda, Status Code: {status}, '
        f'Request ID: {request_id})" (RequestToken: {secrets.token_hex(8)}, HandlerErrorCode: '
        f"{'AlreadyExists' if status == 409 else 'InvalidRequest'})",
    )


register("AWS::Lambda::Function", FunctionHandler())
register("AWS::Lambda::Version", VersionHandler())
register("AWS::Lambda::Alias", AliasHandler())
register("AWS::Lambda::Url", UrlHandler())
register("AWS::CodeDeploy::DeploymentGroup", DeploymentGroupHandler())
