"""Handles the stacks' rules in security groups that the account had before."""

from typing import Any

from tests.deploy.standin.resources.handlers import Context, RecordOnlyHandler, ResourceResult, register
from tests.deploy.standin.services.existing_resources import change_group

_TYPE = "AWS::EC2::SecurityGroupIngress"


class GroupRuleHandler(RecordOnlyHandler):
    """An ingress rule."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        change_group(context.world.state, context.region, properties["GroupId"], _rule(properties), add=True)
        return await super().create(context, properties)

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        change_group(context.world.state, context.region, properties["GroupId"], _rule(properties), add=False)


def _rule(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the rule as EC2 describes it."""
    return {
        "IpProtocol": properties["IpProtocol"],
        "FromPort": int(properties["FromPort"]),
        "ToPort": int(properties["ToPort"]),
        "UserIdGroupPairs": [{"GroupId": properties["SourceSecurityGroupId"]}]
        if "SourceSecurityGroupId" in properties
        else [],
    }


register(_TYPE, GroupRuleHandler(_TYPE))
