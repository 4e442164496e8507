"""Handles AWS::CloudFormation::Stack, a stack within a stack."""

import uuid
from typing import Any

from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.execution import Execution
from tests.deploy.standin.cloudformation.template import parameter_values, parse_template
from tests.deploy.standin.cloudformation.template_file import fetch_template
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.resources.handlers import Context, ResourceResult, register


class NestedStackHandler:
    """A nested stack; its template is in S3, and its outputs are its attributes."""

    async def create(self, context: Context, properties: dict[str, Any]) -> ResourceResult:
        name = context.generated_name(longest=128)
        stack = stacks.new_stack(context.region, name, status="CREATE_PENDING", parent=context.stack["id"])
        return await self._run(context, stack, properties, "create", "CREATE_COMPLETE")

    async def update(
        self, context: Context, physical_id: str, properties: dict[str, Any], former: dict[str, Any]
    ) -> ResourceResult:
        stack = stacks.required(context.world, context.region, physical_id)
        return await self._run(context, stack, properties, "update", "UPDATE_COMPLETE")

    async def delete(self, context: Context, physical_id: str, properties: dict[str, Any]) -> None:
        stack = stacks.find(context.world, context.region, physical_id)
        if stack is None or stack["status"] == "DELETE_COMPLETE":
            return
        stack["operation"] = {"kind": "delete", "token": str(uuid.uuid4())}
        await Execution(context.world, stack).run()
        if stack["status"] != "DELETE_COMPLETE":
            raise AwsError("Failed", f"Embedded stack {physical_id} was not successfully deleted: {stack['reason']}")

    async def _run(
        self, context: Context, stack: stacks.Stack, properties: dict[str, Any], verb: str, wanted: str
    ) -> ResourceResult:
        body = await fetch_template(context.world, properties["TemplateURL"], context.region)
        given = [
            {"ParameterKey": name, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
            for name, value in properties.get("Parameters", {}).items()
        ]
        before = {key: stack[key] for key in ("body", "parameters", "tags", "outputs", "imports")}
        stack |= {"body": body, "parameters": parameter_values(parse_template(body), given, None)}
        stack["operation"] = {"kind": verb, "token": str(uuid.uuid4()), "before": before}
        await Execution(context.world, stack).run()
        if stack["status"] != wanted:
            failed = [
                name for name, kept in stack["resources"].items() if str(kept["status"]).endswith("_FAILED")
            ] or sorted(stack["resources"])
            raise AwsError(
                "Failed",
                f"Embedded stack {stack['id']} was not successfully {verb}d: "
                f"The following resource(s) failed to {verb}: [{', '.join(failed)}]. ",
            )
        return ResourceResult(
            stack["id"], {f"Outputs.{each['OutputKey']}": each["OutputValue"] for each in stack["outputs"]}
        )


register("AWS::CloudFormation::Stack", NestedStackHandler())
