"""Small templates for the stand-in's own tests, and functions that deploy them."""

import json
import time
from typing import Any

from tests.secret_key import SECRET_KEY

PATIENCE_S = 180


def template(resources: dict[str, Any], *, outputs: dict[str, Any] | None = None, **sections: Any) -> str:
    """Return a template as JSON, which is also valid YAML."""
    return json.dumps({**sections, "Resources": resources, **({"Outputs": outputs} if outputs else {})})


LOG = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}
ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "GreaterThanThreshold"}}
REPOSITORY = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": {"Ref": "AWS::StackName"}}}

# The application does not start without these variables; no request of these tests needs its database.
VARIABLES = {
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_DB_HOST": "127.0.0.1",
    "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
    "WEBAPP_DB_PASSWORD": "unused",
}


def change(cloudformation: Any, stack: str, body: str, *, kind: str = "CREATE", **parameters: str) -> dict[str, Any]:
    """Create a change set, wait until it is computed and return its description."""
    created = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"change-{time.monotonic_ns()}",
        ChangeSetType=kind,
        TemplateBody=body,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        described: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=created["Id"])
        if described["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            return described
    raise AssertionError(f"the change set of {stack} was not computed in time")


def apply(cloudformation: Any, stack: str, body: str, *, kind: str = "CREATE", **parameters: str) -> dict[str, Any]:
    """Create and execute a change set; return the stack once it has settled."""
    described = change(cloudformation, stack, body, kind=kind, **parameters)
    assert described["Status"] == "CREATE_COMPLETE", described["StatusReason"]
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])
    return settled(cloudformation, described["StackId"])


def settled(cloudformation: Any, stack: str) -> dict[str, Any]:
    """Wait until no operation is in progress, and return the stack."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        described: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if not described["StackStatus"].endswith("_IN_PROGRESS"):
            return described
        time.sleep(0.02)
    raise AssertionError(f"{stack} did not settle in time")


def delete(cloudformation: Any, stack: str) -> dict[str, Any]:
    """Delete a stack and return it once it has settled."""
    stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack)
    return settled(cloudformation, stack_id)


def events(cloudformation: Any, stack: str) -> list[tuple[str, str]]:
    """Return the (logical id, status) of each event of the stack, oldest first."""
    found = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(found)]


def reason(cloudformation: Any, stack: str, logical_id: str, status: str) -> str:
    """Return the reason of the first event with this status of the resource."""
    found = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return next(
        event["ResourceStatusReason"]
        for event in reversed(found)
        if (event["LogicalResourceId"], event["ResourceStatus"]) == (logical_id, status)
    )


def function(image_uri: Any, **variables: Any) -> dict[str, Any]:
    """Return a function that runs an image with the application's variables and the given ones."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": {"Ref": "AWS::StackName"},
            "PackageType": "Image",
            "Code": {"ImageUri": image_uri},
            "Role": "arn:aws:iam::123456789012:role/function",
            "Timeout": 29,
            "MemorySize": 1024,
            "LoggingConfig": {"LogGroup": {"Ref": "Log"}},
            "Environment": {"Variables": {**VARIABLES, "WEBAPP_RUNTIME": "aws_lambda", **variables}},
        },
    }


def operations_function(image_uri: Any, commands: str, **variables: Any) -> dict[str, Any]:
    """Return a function that runs these commands, with the timeout of the real template: busy machines need it."""
    allowed = {"WEBAPP_ALLOWED_COMMANDS": commands, "WEBAPP_ALLOWED_HOSTS": "localhost", "WEBAPP_DB_ROLE": "operations"}
    operations = function(image_uri, **allowed, **variables)
    operations["Properties"]["Timeout"] = 900
    return operations
