"""Defines and registers the handlers of resource types; most types are only recorded."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.deploy.standin.cloudformation.schemas import attributes, identifier
from tests.deploy.standin.world import ACCOUNT, World


@dataclass(frozen=True)
class Context:
    """A resource's place in its stack."""

    world: World
    stack: dict[str, Any]
    logical_id: str
    update_policy: Mapping[str, Any]

    @property
    def region(self) -> str:
        return str(self.stack["region"])

    def arn(self, service: str, rest: str) -> str:
        """Return an ARN in this account."""
        return f"arn:aws:{service}:{'' if service == 'iam' else self.region}:{ACCOUNT}:{rest}"

    def generated_name(self, *, longest: int = 60) -> str:
        """Return a name as CloudFormation generates it: stack, logical id, random suffix."""
        suffix = secrets.token_hex(6).upper()
        return f"{self.stack['name']}-{self.logical_id}"[: longest - 13] + f"-{suffix}"


@dataclass(frozen=True)
class ResourceResult:
    """The values that Ref and Fn::GetAtt return for a resource."""

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    ref: str | None = None

    @property
    def reference(self) -> str:
        return self.physical_id if self.ref is None else self.ref


class Handler(Protocol):
    """Handles one resource type; methods raise AwsError with AWS's reason and may run again after a SIGKILL."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult: ...

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult: ...

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None: ...


class RecordOnlyHandler:
    """A resource that the verbs do not use: it has a name and attributes but no behaviour."""

    def __init__(self, type_name: str) -> None:
        self._type = type_name

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        return self._result(context, self._physical_id(context, properties), properties)

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        return self._result(context, physical_id, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        return None

    def _physical_id(self, context: Context, properties: dict[str, Any]) -> str:
        named = properties.get(identifier(self._type) or "")
        if isinstance(named, str):
            return named
        prefix = _ID_PREFIXES.get(self._type)
        if prefix is not None:
            return f"{prefix}-{secrets.token_hex(8)}1"
        name = next((properties[key] for key in _NAME_PROPERTIES if isinstance(properties.get(key), str)), None)
        name = name or context.generated_name()
        if self._type in _ARN_REFERENCES:
            return context.arn(*_ARN_REFERENCES[self._type](name))
        return name

    def _result(self, context: Context, physical_id: str, properties: dict[str, Any]) -> ResourceResult:
        _, service, kind = self._type.lower().split("::")
        name = physical_id.rpartition("/")[2].rpartition(":")[2]
        arn = physical_id if physical_id.startswith("arn:") else context.arn(service, f"{kind}/{name}")
        values = {
            attribute: arn if attribute.endswith("Arn") else f"{name}.{attribute.lower()}"
            for attribute in attributes(self._type)
        }
        return ResourceResult(physical_id, values)


_NAME_PROPERTIES = ("Name", "RoleName", "PolicyName", "DashboardName", "BucketName")

_ID_PREFIXES = {
    "AWS::EC2::EIP": "eipalloc",
    "AWS::EC2::FlowLog": "fl",
    "AWS::EC2::InternetGateway": "igw",
    "AWS::EC2::NatGateway": "nat",
    "AWS::EC2::RouteTable": "rtb",
    "AWS::EC2::SecurityGroup": "sg",
    "AWS::EC2::SecurityGroupIngress": "sgr",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::SubnetRouteTableAssociation": "rtbassoc",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::VPCEndpoint": "vpce",
}

# Types whose Ref is an ARN, with functions that return the ARN's service and resource part for a name.
_ARN_REFERENCES: dict[str, Any] = {
    "AWS::AppRunner::AutoScalingConfiguration": lambda name: (
        "apprunner",
        f"autoscalingconfiguration/{name}/1/{secrets.token_hex(16)}",
    ),
    "AWS::AppRunner::VpcConnector": lambda name: ("apprunner", f"vpcconnector/{name}/1/{secrets.token_hex(16)}"),
    "AWS::ElasticLoadBalancingV2::Listener": lambda name: (
        "elasticloadbalancing",
        f"listener/app/{name}/{secrets.token_hex(8)}",
    ),
    "AWS::IAM::ManagedPolicy": lambda name: ("iam", f"policy/{name}"),
    "AWS::SNS::Subscription": lambda name: ("sns", f"{name}:{secrets.token_hex(8)}"),
    "AWS::SNS::Topic": lambda name: ("sns", name),
}


_handlers: dict[str, Handler] = {}


def register(type_name: str, handler: Handler) -> None:
    """Register the handler of a type."""
    _handlers[type_name] = handler


def handler_of(type_name: str) -> Handler:
    """Return the type's handler; an unregistered type is only recorded."""
    return _handlers.get(type_name) or RecordOnlyHandler(type_name)
