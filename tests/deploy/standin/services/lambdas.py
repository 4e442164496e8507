"""Implements Lambda's operations; the real handler answers invocations."""

import base64
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.runtime.concurrency import limit, unreserved
from tests.deploy.standin.services.interfaces import leave_interface
from tests.deploy.standin.services.registry import operation
from tests.deploy.standin.world import World, moment


@operation("lambda", "Invoke")
async def invoke(world: World, call: Call) -> dict[str, Any]:
    asked = call.parameters
    name, qualifier = _qualified(asked)
    payload = asked.get("Payload") or b"{}"
    kind = asked.get("InvocationType", "RequestResponse")
    if kind == "DryRun":
        world.functions.version(call.scope.region, name, qualifier)
        return {"StatusCode": 204}
    if kind == "Event":
        raise AwsError("StandInLacks", "the stand-in has no asynchronous invocation", 501)
    result = await world.functions.invoke(call.scope.region, name, qualifier, payload)
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": result.payload, "ExecutedVersion": result.version}
    if result.error is not None:
        answer["FunctionError"] = result.error
    if asked.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(result.log_tail).decode()
    return answer


@operation("lambda", "GetAccountSettings")
async def get_account_settings(world: World, call: Call) -> dict[str, Any]:
    return {
        "AccountLimit": {
            "ConcurrentExecutions": limit(world.state),
            "UnreservedConcurrentExecutions": unreserved(world.state, call.scope.region),
        },
        "AccountUsage": {"FunctionCount": len(world.state.all("function", f"{call.scope.region}/"))},
    }


@operation("lambda", "GetFunction")
async def get_function(world: World, call: Call) -> dict[str, Any]:
    version = world.functions.version(call.scope.region, *_qualified(call.parameters))
    uri = version["properties"]["Code"]["ImageUri"]
    return {
        "Configuration": _configuration(version),
        "Code": {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri},
    }


@operation("lambda", "GetFunctionConfiguration")
async def get_function_configuration(world: World, call: Call) -> dict[str, Any]:
    return _configuration(world.functions.version(call.scope.region, *_qualified(call.parameters)))


@operation("lambda", "DeleteFunction")
async def delete_function(world: World, call: Call) -> dict[str, Any]:
    region, (name, qualifier) = call.scope.region, _qualified(call.parameters)
    function = world.functions.find(region, name)
    if qualifier is not None:
        return _delete_version(world, region, name, qualifier)
    for kind in ("function version", "alias"):
        for each in world.state.all(kind, f"{region}/{function['name']}/"):
            last = each["version"] if kind == "function version" else each["name"]
            world.state.delete(kind, f"{region}/{function['name']}/{last}")
    world.state.delete("function", f"{region}/{function['name']}")
    await world.functions.retire(region, name)
    if "VpcConfig" in function["properties"]:
        leave_interface(world, region, name, function["properties"]["VpcConfig"]["SecurityGroupIds"])
    return {}


def _delete_version(world: World, region: str, name: str, number: str) -> dict[str, Any]:
    for alias in world.state.all("alias", f"{region}/{name}/"):
        if number in {alias["version"], *alias["weights"]}:
            raise AwsError("ResourceConflictException", f"Version {number} is used by the alias {alias['name']}", 409)
    world.state.delete("function version", f"{region}/{name}/{number}")
    return {}


@operation("lambda", "ListFunctions")
async def list_functions(world: World, call: Call) -> dict[str, Any]:
    return {"Functions": [_configuration(each) for each in world.state.all("function", f"{call.scope.region}/")]}


@operation("lambda", "ListVersionsByFunction")
async def list_versions(world: World, call: Call) -> dict[str, Any]:
    function = world.functions.find(call.scope.region, call.parameters["FunctionName"])
    published = world.state.all("function version", f"{call.scope.region}/{function['name']}/")
    return {"Versions": [_configuration(version) for version in (function, *published)]}


@operation("lambda", "GetAlias")
async def get_alias(world: World, call: Call) -> dict[str, Any]:
    function = world.functions.find(call.scope.region, call.parameters["FunctionName"])
    alias = world.state.get("alias", f"{call.scope.region}/{function['name']}/{call.parameters['Name']}")
    if alias is None:
        raise AwsError(
            "ResourceNotFoundException", f"Cannot find alias arn: {function['arn']}:{call.parameters['Name']}", 404
        )
    return _alias(alias)


@operation("lambda", "ListAliases")
async def list_aliases(world: World, call: Call) -> dict[str, Any]:
    function = world.functions.find(call.scope.region, call.parameters["FunctionName"])
    return {"Aliases": [_alias(each) for each in world.state.all("alias", f"{call.scope.region}/{function['name']}/")]}


def _qualified(asked: dict[str, Any]) -> tuple[str, str | None]:
    """Return the function's name and qualifier; the qualifier may be part of the name."""
    name = asked["FunctionName"]
    if name.startswith("arn:"):
        name = name.split(":", 6)[6]
    name, _, qualifier = name.partition(":")
    return name, asked.get("Qualifier") or qualifier or None


def _configuration(version: dict[str, Any]) -> dict[str, Any]:
    properties = version["properties"]
    number = str(version["version"])
    return {
        "FunctionName": version["name"],
        "FunctionArn": version["arn"] if number == "$LATEST" else f"{version['arn']}:{number}",
        "Role": properties["Role"],
        "CodeSize": 0,
        "Description": properties.get("Description", "") if number == "$LATEST" else version["description"],
        "Timeout": int(properties.get("Timeout", 3)),
        "MemorySize": int(properties.get("MemorySize", 128)),
        "LastModified": moment(version["updated"]).isoformat(timespec="milliseconds"),
        "Version": number,
        "Environment": {"Variables": properties.get("Environment", {}).get("Variables", {})},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Image",
        "VpcConfig": properties.get("VpcConfig", {}),
        "Architectures": properties.get("Architectures", ["x86_64"]),
    }


def _alias(alias: dict[str, Any]) -> dict[str, Any]:
    answer = {"AliasArn": alias["arn"], "Name": alias["name"], "FunctionVersion": alias["version"], "Description": ""}
    if alias["weights"]:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": alias["weights"]}
    return answer
