"""Implements CloudFormation's operations on stacks."""

import json
from typing import Any

from tests.deploy.standin.cloudformation import execution
from tests.deploy.standin.cloudformation import stack as stacks
from tests.deploy.standin.cloudformation.template import (
    capabilities,
    check_capabilities,
    invalid,
    parameter_values,
    parse_template,
    read_template,
)
from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.services.change_sets import template_body
from tests.deploy.standin.services.registry import operation, page
from tests.deploy.standin.world import World, moment

_PAGE = 100


@operation("cloudformation", "DescribeStacks")
async def describe_stacks(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters.get("StackName")
    if name is not None:
        return {"Stacks": [_described(stacks.required(world, call.scope.region, name))]}
    found, following = page(stacks.existing(world, call.scope.region), call.parameters, _PAGE)
    return _paged({"Stacks": [_described(stack) for stack in found]}, following)


@operation("cloudformation", "ListStacks")
async def list_stacks(world: World, call: Call) -> dict[str, Any]:
    wanted = call.parameters.get("StackStatusFilter")
    every = stacks.existing(world, call.scope.region) + stacks.deleted(world, call.scope.region)
    found, following = page(
        [stack for stack in every if not wanted or stack["status"] in wanted], call.parameters, _PAGE
    )
    return _paged({"StackSummaries": [_summary(stack) for stack in found]}, following)


@operation("cloudformation", "DescribeStackEvents")
async def describe_stack_events(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters.get("StackName", "")
    stack = stacks.find(world, call.scope.region, name)
    if stack is None:
        raise invalid(f"Stack [{name}] does not exist")
    found, following = page(stacks.events(world, stack), call.parameters, _PAGE)
    return _paged({"StackEvents": [_event(stack, event) for event in found]}, following)


@operation("cloudformation", "DescribeStackResources")
async def describe_stack_resources(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    wanted = call.parameters.get("LogicalResourceId")
    common = {"StackName": stack["name"], "StackId": stack["id"]}
    return {
        "StackResources": [
            {**common, **_resource(name, kept, "Timestamp")}
            for name, kept in stack["resources"].items()
            if kept["status"] and wanted in {None, name}
        ]
    }


@operation("cloudformation", "ListStackResources")
async def list_stack_resources(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    every = [
        _resource(name, kept, "LastUpdatedTimestamp") for name, kept in stack["resources"].items() if kept["status"]
    ]
    found, following = page(every, call.parameters, _PAGE)
    return _paged({"StackResourceSummaries": found}, following)


@operation("cloudformation", "DescribeStackResource")
async def describe_stack_resource(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    name = call.parameters["LogicalResourceId"]
    if name not in stack["resources"]:
        raise invalid(f"Resource {name} does not exist for stack {stack['name']}")
    common = {"StackName": stack["name"], "StackId": stack["id"]}
    return {"StackResourceDetail": {**common, **_resource(name, stack["resources"][name], "LastUpdatedTimestamp")}}


@operation("cloudformation", "GetTemplate")
async def get_template(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    return {"TemplateBody": stack["body"], "StagesAvailable": ["Original"]}


@operation("cloudformation", "GetTemplateSummary")
async def get_template_summary(world: World, call: Call) -> dict[str, Any]:
    stack = None
    if "StackName" in call.parameters:
        stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    template = parse_template(stack["body"] if stack else await template_body(world, call, None))
    return {
        "Parameters": [
            _declaration(name, declared) | {"ParameterType": declared["Type"]}
            for name, declared in (template.get("Parameters") or {}).items()
        ],
        "Description": template.get("Description", ""),
        "Capabilities": sorted(capabilities(template)),
        "ResourceTypes": sorted({resource["Type"] for resource in template["Resources"].values()}),
    }


@operation("cloudformation", "ValidateTemplate")
async def validate_template(world: World, call: Call) -> dict[str, Any]:
    template = read_template(await template_body(world, call, None))
    return {
        "Parameters": [_declaration(name, declared) for name, declared in (template.get("Parameters") or {}).items()],
        "Description": template.get("Description", ""),
        "Capabilities": sorted(capabilities(template)),
    }


@operation("cloudformation", "ListExports")
async def list_exports(world: World, call: Call) -> dict[str, Any]:
    every = [
        {"ExportingStackId": stack["id"], "Name": output["ExportName"], "Value": output["OutputValue"]}
        for stack in stacks.existing(world, call.scope.region)
        for output in stack["outputs"]
        if "ExportName" in output
    ]
    found, following = page(every, call.parameters, _PAGE)
    return _paged({"Exports": found}, following)


@operation("cloudformation", "ListImports")
async def list_imports(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["ExportName"]
    found = [stack["name"] for stack in stacks.existing(world, call.scope.region) if name in stack["imports"]]
    if not found:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    return {"Imports": found}


@operation("cloudformation", "CreateStack")
async def create_stack(world: World, call: Call) -> dict[str, Any]:
    asked = call.parameters
    if stacks.find(world, call.scope.region, asked["StackName"]) is not None:
        raise AwsError("AlreadyExistsException", f"Stack [{asked['StackName']}] already exists")
    body = await template_body(world, call, None)
    template = parse_template(body)
    stack = stacks.new_stack(call.scope.region, asked["StackName"], status="CREATE_PENDING")
    stack |= {"body": body, "parameters": parameter_values(template, asked.get("Parameters", []), None)}
    check_capabilities(template, asked.get("Capabilities", []))
    stack |= {"tags": asked.get("Tags", []), "on_failure": asked.get("OnFailure", "ROLLBACK")}
    stack["capabilities"] = asked.get("Capabilities", [])
    execution.begin(world, stack, "create", token=asked.get("ClientRequestToken"))
    return {"StackId": stack["id"]}


@operation("cloudformation", "DeleteStack")
async def delete_stack(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.find(world, call.scope.region, call.parameters["StackName"])
    if stack is None or stack["status"] == "DELETE_COMPLETE":
        return {}
    if stack["protected"]:
        raise invalid(f"Stack [{stack['name']}] cannot be deleted while TerminationProtection is enabled")
    if stacks.in_progress(stack):
        if stack["status"] == "DELETE_IN_PROGRESS":
            return {}
        raise invalid(f"Stack [{stack['id']}] cannot be deleted while in status {stack['status']}")
    exported = {output["ExportName"] for output in stack["outputs"] if "ExportName" in output}
    for name, users in sorted(stacks.importers(world, stack, exported).items()):
        # As on AWS, the stack returns to its former status and gets the reason.
        reason = f"Export {name} cannot be deleted as it is in use by {' and '.join(users)}"
        stacks.set_status(world, stack, stack["status"], reason)
        return {}
    retain = call.parameters.get("RetainResources", [])
    execution.begin(world, stack, "delete", token=call.parameters.get("ClientRequestToken"), retain=retain)
    return {}


@operation("cloudformation", "ContinueUpdateRollback")
async def continue_update_rollback(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    if stack["status"] != "UPDATE_ROLLBACK_FAILED":
        raise invalid(f"Stack [{stack['name']}] is in {stack['status']} state and can not continue its rollback.")
    stack["status"] = "UPDATE_ROLLBACK_IN_PROGRESS"
    execution.begin(world, stack, "update rollback", token=call.parameters.get("ClientRequestToken"))
    return {}


@operation("cloudformation", "UpdateTerminationProtection")
async def update_termination_protection(world: World, call: Call) -> dict[str, Any]:
    stack = stacks.required(world, call.scope.region, call.parameters["StackName"])
    stack["protected"] = call.parameters["EnableTerminationProtection"]
    stacks.keep(world, stack)
    return {"StackId": stack["id"]}


def _described(stack: stacks.Stack) -> dict[str, Any]:
    described = {
        **_times(stack),
        "StackId": stack["id"],
        "StackName": stack["name"],
        "StackStatus": stack["status"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in stack["parameters"].items()],
        "DisableRollback": stack["on_failure"] == "DO_NOTHING",
        "NotificationARNs": [],
        "Capabilities": stack["capabilities"],
        "Outputs": stack["outputs"],
        "Tags": stack["tags"],
        "EnableTerminationProtection": stack["protected"],
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    if stack["reason"] is not None:
        described["StackStatusReason"] = stack["reason"]
    if stack["change_set"] is not None:
        described["ChangeSetId"] = stack["change_set"]
    return described


def _summary(stack: stacks.Stack) -> dict[str, Any]:
    summary = {**_times(stack), "StackId": stack["id"], "StackName": stack["name"], "StackStatus": stack["status"]}
    return summary if stack["reason"] is None else {**summary, "StackStatusReason": stack["reason"]}


def _times(stack: stacks.Stack) -> dict[str, Any]:
    times = {"CreationTime": stack["created"], "LastUpdatedTime": stack["updated"], "DeletionTime": stack["deleted"]}
    return {name: moment(time) for name, time in times.items() if time is not None}


def _event(stack: stacks.Stack, event: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "StackId": stack["id"],
        "EventId": event["id"],
        "StackName": stack["name"],
        "LogicalResourceId": event["logical_id"],
        "PhysicalResourceId": event["physical_id"],
        "ResourceType": event["type"],
        "Timestamp": moment(event["time"]),
        "ResourceStatus": event["status"],
    }
    if event["reason"] is not None:
        answer["ResourceStatusReason"] = event["reason"]
    if event["properties"] is not None:
        answer["ResourceProperties"] = json.dumps(event["properties"])
    if event["token"] is not None:
        answer["ClientRequestToken"] = event["token"]
    return answer


def _resource(name: str, kept: dict[str, Any], time_name: str) -> dict[str, Any]:
    answer = {
        "LogicalResourceId": name,
        "ResourceType": kept["type"],
        time_name: moment(kept["updated"]),
        "ResourceStatus": kept["status"],
    }
    if kept.get("physical"):
        answer["PhysicalResourceId"] = kept["physical"]
    if kept.get("reason") is not None:
        answer["ResourceStatusReason"] = kept["reason"]
    return answer


def _declaration(name: str, declared: dict[str, Any]) -> dict[str, Any]:
    answer = {"ParameterKey": name, "NoEcho": bool(declared.get("NoEcho", False))}
    if "Default" in declared:
        answer["DefaultValue"] = str(declared["Default"])
    if "Description" in declared:
        answer["Description"] = declared["Description"]
    return answer


def _paged(answer: dict[str, Any], following: str | None) -> dict[str, Any]:
    return answer if following is None else {**answer, "NextToken": following}
