"""Handles security groups, which cannot be deleted while a network interface has them."""

from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, RecordOnlyHandler, register
from tests.deploy.standin.services.interfaces import interfaces_with_group

_TYPE = "AWS::EC2::SecurityGroup"


class SecurityGroupHandler(RecordOnlyHandler):
    """A security group."""

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        if interfaces_with_group(context.world, context.region, physical_id):
            raise AwsError("DependencyViolation", f"resource {physical_id} has a dependent object")


register(_TYPE, SecurityGroupHandler(_TYPE))
