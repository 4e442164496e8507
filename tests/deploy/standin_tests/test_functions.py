import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import (
    ALARM,
    LOG,
    PATIENCE_S,
    REPOSITORY,
    apply,
    change,
    delete,
    function,
    operations_function,
    reason,
    settled,
    template,
)

pytestmark = pytest.mark.profile_free

_HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
_IMAGE = {"Image": {"Type": "String"}}


@pytest.fixture(scope="module")
def images(shared_aws: StandIn) -> dict[str, str]:
    """Two images that work, and one that does not start."""
    apply(shared_aws.client("cloudformation"), "images", template({"Repository": REPOSITORY}))
    broken = {"WEBAPP_RUNTIME": "heroku"}
    digests = {
        "first": shared_aws.push("images", "first"),
        "second": shared_aws.push("images", "second"),
        "broken": shared_aws.push("images", "broken", variables=broken),
    }
    return {name: f"{_HOST}/images@{digest}" for name, digest in digests.items()}


def _web(**policy):
    """A function behind an HTTP API, with traffic shifting by CodeDeploy."""
    live = {"Ref": "Alias"}
    return template(
        {
            "Log": LOG,
            "Function": function(
                {"Ref": "Image"}, WEBAPP_ALLOWED_HOSTS={"Fn::Sub": "${Api}.execute-api.us-east-1.amazonaws.com"}
            ),
            "Version": {
                "Type": "AWS::Lambda::Version",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"FunctionName": {"Ref": "Function"}, "Description": {"Ref": "Image"}},
            },
            "Alias": {
                "Type": "AWS::Lambda::Alias",
                "UpdatePolicy": {
                    "CodeDeployLambdaAliasUpdate": {"ApplicationName": "shift", "DeploymentGroupName": {"Ref": "Group"}}
                },
                "Properties": {
                    "Name": "live",
                    "FunctionName": {"Ref": "Function"},
                    "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
                },
            },
            "Errors": ALARM,
            "Group": {
                "Type": "AWS::CodeDeploy::DeploymentGroup",
                "Properties": {
                    "ApplicationName": "shift",
                    "ServiceRoleArn": "arn:aws:iam::123456789012:role/shift",
                    "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
                    "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": "Errors"}}]},
                },
            },
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "web", "ProtocolType": "HTTP"}},
            "Integration": {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {"ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": live},
            },
            "Route": {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "RouteKey": "$default",
                    "Target": {"Fn::Sub": "integrations/${Integration}"},
                },
            },
        },
        Parameters=_IMAGE,
        outputs={"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}, "Errors": {"Value": {"Ref": "Errors"}}},
    )


def _outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _weights(functions, name: str):
    """Return the shares of the traffic that versions have beside the one of the alias."""
    alias = functions.get_alias(FunctionName=name, Name="live")
    return alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def _operations(commands: str):
    return template({"Log": LOG, "Function": operations_function({"Ref": "Image"}, commands)}, Parameters=_IMAGE)


def test_the_real_handler_answers_at_the_apis_address(cloudformation, shared_aws, images):
    stack = apply(cloudformation, "web", _web(), Image=images["first"])

    assert shared_aws.get(f"{_outputs(stack)['Endpoint']}/healthz") == (200, b'{"status": "ok"}')


def test_an_invoked_command_runs_and_its_output_is_logged(cloudformation, shared_aws, images):
    apply(cloudformation, "operations", _operations("check"), Image=images["first"])

    answer = shared_aws.client("lambda").invoke(FunctionName="operations", Payload=json.dumps({"command": ["check"]}))

    content = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer
    assert content["exit_code"] == 0
    assert "no issues" in content["output"]
    (log,) = [
        each["PhysicalResourceId"]
        for each in cloudformation.list_stack_resources(StackName="operations")["StackResourceSummaries"]
        if each["LogicalResourceId"] == "Log"
    ]
    logged = shared_aws.client("logs").filter_log_events(logGroupName=log)["events"]
    assert any("no issues" in event["message"] for event in logged)


def test_a_function_whose_image_does_not_start_fails_as_on_lambda(cloudformation, shared_aws, images):
    apply(cloudformation, "broken", _operations("check"), Image=images["broken"])

    answer = shared_aws.client("lambda").invoke(FunctionName="broken", Payload=b'{"command": ["check"]}')

    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "Runtime.ExitError"


def test_a_function_needs_an_existing_image(cloudformation, images):
    absent = f"{_HOST}/images@sha256:{'0' * 64}"

    stack = apply(cloudformation, "absent", _operations("check"), Image=absent)

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"Source image {absent} does not exist" in reason(cloudformation, "absent", "Function", "CREATE_FAILED")


@pytest.mark.parametrize(
    ("tag", "image", "message"),
    [
        ("huge", {"size_bytes": 11 * 1024**3}, "too large"),
        ("index", {"media_type": "application/vnd.oci.image.index.v1+json"}, "media type"),
    ],
)
def test_an_image_that_lambda_does_not_support_is_refused(cloudformation, shared_aws, images, tag, image, message):
    uri = f"{_HOST}/images@{shared_aws.push('images', tag, **image)}"

    stack = apply(cloudformation, f"refused-{tag}", _operations("check"), Image=uri)

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert message in reason(cloudformation, f"refused-{tag}", "Function", "CREATE_FAILED")


def test_traffic_shifts_and_the_former_version_is_kept(cloudformation, shared_aws, images):
    apply(cloudformation, "shifting", _web(), Image=images["first"])
    # The first step lasts until the test has seen it.
    shared_aws.slow(0, shift_seconds=600)

    described = change(cloudformation, "shifting", _web(), kind="UPDATE", Image=images["second"])
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])

    functions = shared_aws.client("lambda")
    deadline = time.monotonic() + PATIENCE_S
    while not (weights := _weights(functions, "shifting")) and time.monotonic() < deadline:
        time.sleep(0.05)
    shared_aws.slow(0)
    assert weights == {"2": 0.1}
    assert settled(cloudformation, "shifting")["StackStatus"] == "UPDATE_COMPLETE"
    assert _weights(functions, "shifting") == {}
    assert functions.get_alias(FunctionName="shifting", Name="live")["FunctionVersion"] == "2"
    versions = functions.list_versions_by_function(FunctionName="shifting")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]


def test_an_alarm_during_the_shift_rolls_the_stack_back(cloudformation, shared_aws, images):
    stack = apply(cloudformation, "alarming", _web(), Image=images["first"])
    shared_aws.alarm(_outputs(stack)["Errors"], "ALARM")

    described = change(cloudformation, "alarming", _web(), kind="UPDATE", Image=images["broken"])
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])

    assert settled(cloudformation, "alarming")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "alarms have been activated" in reason(cloudformation, "alarming", "Alias", "UPDATE_FAILED")
    functions = shared_aws.client("lambda")
    assert functions.get_alias(FunctionName="alarming", Name="live")["FunctionVersion"] == "1"
    assert functions.get_function(FunctionName="alarming")["Code"]["ImageUri"] == images["first"]


def test_a_function_is_deleted_with_its_stack(cloudformation, shared_aws, images):
    apply(cloudformation, "going", _operations("check"), Image=images["first"])

    assert delete(cloudformation, "going")["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="Function not found"):
        shared_aws.client("lambda").get_function(FunctionName="going")


def test_a_tag_is_immutable(shared_aws, images):
    with pytest.raises(RuntimeError, match="immutable"):
        shared_aws.push("images", "first")


def test_a_function_cannot_reserve_more_than_the_account_has(cloudformation, shared_aws, images):
    body = json.loads(_operations("check"))
    body["Resources"]["Function"]["Properties"]["ReservedConcurrentExecutions"] = 10
    settings = shared_aws.client("lambda").get_account_settings
    shared_aws.limit_executions(109)
    refused = apply(cloudformation, "greedy", json.dumps(body), Image=images["first"])
    shared_aws.limit_executions(110)
    made = apply(cloudformation, "content", json.dumps(body), Image=images["first"])
    left = settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    delete(cloudformation, "content")
    shared_aws.limit_executions(1000)

    assert "below its minimum value of [100]" in reason(cloudformation, "greedy", "Function", "CREATE_FAILED")
    assert (refused["StackStatus"], made["StackStatus"], left) == ("ROLLBACK_COMPLETE", "CREATE_COMPLETE", 100)
    assert settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000
