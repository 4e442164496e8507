"""A REST API in front of the web function: streams, its stage and its base path."""

import pytest

from tests.deploy.templates.analysis.stacks import (
    deploy,
)

pytestmark = pytest.mark.profile_free


STREAM_ACTION = "2021-11-15/functions/{}/response-streaming-invocations"


REPLY_ACTION = "2015-03-31/functions/{}/invocations"


@pytest.mark.parametrize(
    ("streams", "mode", "action", "timeout_s", "front"),
    [("yes", "STREAM", STREAM_ACTION, 65, "rest_api"), ("no", "BUFFERED", REPLY_ACTION, 28, None)],
)
def test_a_rest_api_streams_on_every_path(streams: str, mode: str, action: str, timeout_s: int, front: str | None):
    stack = deploy(FrontDoor="rest_api", Streams=streams).stacks["lambda/template.yaml"]
    (function,) = stack.of_type("AWS::Lambda::Function")
    root, paths = stack.of_type("AWS::ApiGateway::Method")
    alias = "arn:aws:lambda:us-east-1:123456789012:alias:lambda/template.yaml/Alias"

    assert function.properties["Timeout"] == timeout_s
    assert function.properties["Environment"]["Variables"].get("WEBAPP_STREAM_FRONT") == front
    assert root.properties["ResourceId"] == "lambda/template.yaml:Rest.RootResourceId"
    assert paths.properties["ResourceId"] == "lambda/template.yaml:RestPath"
    for method in (root, paths):
        integration = method.properties["Integration"]
        assert method.properties["HttpMethod"] == "ANY"
        assert integration["ResponseTransferMode"] == mode
        assert integration["Uri"] == f"arn:aws:apigateway:us-east-1:lambda:path/{action.format(alias)}"
        # The function ends first, so that its log shows the timeout.
        assert integration["TimeoutInMillis"] > timeout_s * 1_000


@pytest.mark.parametrize(("streams", "name"), [("yes", "RestStreams"), ("no", "RestReplies")])
def test_a_change_of_the_transfer_mode_reaches_the_stage_of_a_rest_api(streams: str, name: str):
    stack = deploy(FrontDoor="rest_api", Streams=streams).stacks["lambda/template.yaml"]
    (stage,) = stack.of_type("AWS::ApiGateway::Stage")

    assert [each.name for each in stack.of_type("AWS::ApiGateway::Deployment")] == [name]
    assert stage.properties["DeploymentId"] == f"lambda/template.yaml:{name}"


def test_an_http_api_does_not_stream():
    (function,) = deploy(Streams="yes").stacks["lambda/template.yaml"].of_type("AWS::Lambda::Function")

    assert function.properties["Timeout"] == 29
    assert "WEBAPP_STREAM_FRONT" not in function.properties["Environment"]["Variables"]


@pytest.mark.parametrize(
    ("hosts", "base_path", "stripped"), [("", "/live", "1"), ("guestbook.example", None, None)], ids=["own", "domain"]
)
def test_the_stage_of_a_rest_api_is_a_base_path_only_at_its_own_address(hosts: str, base_path: str, stripped: str):
    stack = deploy(FrontDoor="rest_api", Hosts=hosts).stacks["lambda/template.yaml"]
    (function,), (stage,) = stack.of_type("AWS::Lambda::Function"), stack.of_type("AWS::ApiGateway::Stage")
    variables = function.properties["Environment"]["Variables"]

    assert variables.get("WEBAPP_BASE_PATH") == base_path
    assert variables.get("WEBAPP_BASE_PATH_STRIPPED") == stripped
    assert stage.properties["StageName"] == "live"
    assert variables["WEBAPP_ALLOWED_HOSTS"].startswith("lambda/template.yaml:Rest.execute-api.us-east-1.amazonaws.com")
