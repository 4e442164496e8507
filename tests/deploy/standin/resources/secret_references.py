"""Creates and resolves the stacks' secrets in moto's Secrets Manager, through the stand-in's own endpoint."""

import asyncio
import json
import re
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, ResourceResult, register
from tests.deploy.standin.world import World

_REFERENCE = re.compile(r"\{\{resolve:secretsmanager:(.+?):SecretString(?::([^:}]*))?(?::[^}]*)?\}\}")


def standin_client(world: World, service: str, region: str) -> Any:
    """Return a boto3 client of the stand-in itself, with CloudFormation's identity."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=world.url,
        aws_access_key_id="CLOUDFORMATION",
        aws_secret_access_key="example",
    )


async def call_standin(world: World, service: str, region: str, method: str, **parameters: Any) -> Any:
    """Call an operation of the stand-in itself; raise AwsError with the service's message if it fails."""

    def call() -> Any:
        return getattr(standin_client(world, service, region), method)(**parameters)

    try:
        return await asyncio.to_thread(call)
    except ClientError as error:
        raise AwsError("Failed", f"{error.response['Error']['Message']} (Service: {service})") from None


async def resolve_secrets(context: Context, value: Any) -> Any:
    """Replace each dynamic reference to a secret with the secret's current value."""
    if isinstance(value, dict):
        return {key: await resolve_secrets(context, part) for key, part in value.items()}
    if isinstance(value, list):
        return [await resolve_secrets(context, part) for part in value]
    if not isinstance(value, str):
        return value
    for reference in _REFERENCE.finditer(value):
        found = await call_standin(
            context.world, "secretsmanager", context.region, "get_secret_value", SecretId=reference[1]
        )
        secret = found["SecretString"]
        value = value.replace(reference[0], json.loads(secret)[reference[2]] if reference[2] else secret)
    return value


async def read_injected(context: Context, reference: str) -> str:
    """Return the value that ECS or App Runner injects: a parameter, a secret, or one key of a secret's JSON."""
    if ":parameter/" in reference:
        name = f"/{reference.partition(':parameter/')[2]}"
        found = await call_standin(
            context.world, "ssm", context.region, "get_parameters", Names=[name], WithDecryption=True
        )
        if found["InvalidParameters"]:
            raise AwsError("Failed", f"ResourceInitializationError: invalid ssm parameters: {name}")
        return str(found["Parameters"][0]["Value"])
    # Neither an ARN nor a secret's name has further colons.
    parts = reference.split(":")
    found = await call_standin(
        context.world, "secretsmanager", context.region, "get_secret_value", SecretId=":".join(parts[:7])
    )
    text = str(found["SecretString"])
    return str(json.loads(text)[parts[7]]) if len(parts) > 7 and parts[7] else text


class SecretHandler:
    """A secret, generated according to its properties."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = properties.get("Name") or context.generated_name()
        generated = properties.get("GenerateSecretString", {})
        given = {
            "PasswordLength": int(generated.get("PasswordLength", 32)),
            "ExcludePunctuation": bool(generated.get("ExcludePunctuation", False)),
        }
        password = (await self._call(context, "get_random_password", **given))["RandomPassword"]
        text = password
        if "SecretStringTemplate" in generated:
            text = json.dumps(
                {**json.loads(generated["SecretStringTemplate"]), generated["GenerateStringKey"]: password}
            )
        made = await self._call(context, "create_secret", Name=name, SecretString=properties.get("SecretString", text))
        return ResourceResult(made["ARN"], {"Id": made["ARN"]})

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return ResourceResult(physical_id, {"Id": physical_id})

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        await self._call(context, "delete_secret", SecretId=physical_id, ForceDeleteWithoutRecovery=True)

    async def _call(self, context: Context, method: str, **parameters: Any) -> Any:
        return await call_standin(context.world, "secretsmanager", context.region, method, **parameters)


register("AWS::SecretsManager::Secret", SecretHandler())
