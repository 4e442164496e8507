"""Only the service that uses a role may assume it, and resource policies admit only the intended principals."""

from typing import Any

import pytest

from tests.deploy.templates.analysis.mutations import mutate
from tests.deploy.templates.analysis.resource_policies import grants
from tests.deploy.templates.analysis.stacks import Deployment, deploy, read_template
from tests.deploy.templates.analysis.statements import ACCOUNT
from tests.deploy.templates.analysis.trust import wrongly_trusted_roles
from tests.deploy.templates.analysis.variants import DEPLOYMENTS, RESOURCES

pytestmark = pytest.mark.profile_free

LAMBDA, NETWORK = "lambda/template.yaml", "foundation/network.yaml"
ALIAS = f"arn:aws:lambda:us-east-1:{ACCOUNT}:alias:{LAMBDA}/Alias"
ACCESS_LOGS, TRAIL = "foundation/storage.yaml:AccessLogBucket", "foundation/account.yaml:TrailBucket"
IMAGES = "foundation/registry.yaml:Registry"
PULL = frozenset({"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"})


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_each_role_trusts_only_the_service_that_uses_it(deployment: Deployment):
    assert wrongly_trusted_roles(deployment) == []


@pytest.mark.parametrize(
    ("template", "role", "changed"),
    [
        (LAMBDA, "Role", {"Principal": {"Service": "ec2.amazonaws.com"}}),
        (LAMBDA, "Role", {"Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}),
        (LAMBDA, "Role", {"Principal": {"AWS": "*"}}),
        (LAMBDA, "Role", {"Principal": "*"}),
        (LAMBDA, "Role", {"Effect": "Deny"}),
        (LAMBDA, "Role", {"Action": "sts:*"}),
        (NETWORK, "FlowLogRole", {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}),
        (NETWORK, "FlowLogRole", {"Condition": {}}),
        ("apprunner/template.yaml", "AccessRole", {"Principal": {"Service": "tasks.apprunner.amazonaws.com"}}),
        ("ecs/express.yaml", "InfrastructureRole", {"Principal": {"Service": "ecs-tasks.amazonaws.com"}}),
        ("foundation/proxy.yaml", "ProxyRole", {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}),
    ],
)
def test_a_role_with_the_wrong_trust_is_found(template: str, role: str, changed: dict[str, Any]):
    path = f"{role}/Properties/AssumeRolePolicyDocument/Statement/0"
    (statement,) = read_template(template)["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert wrongly_trusted_roles(deploy(mutate(template, path, {**statement, **changed}))) == [f"{template} {role}"]


def test_an_additional_trust_statement_is_found():
    statements = read_template(LAMBDA)["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    stranger = {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "sts:AssumeRole"}
    mutated = mutate(LAMBDA, "Role/Properties/AssumeRolePolicyDocument/Statement", [*statements, stranger])

    assert wrongly_trusted_roles(deploy(mutated)) == [f"{LAMBDA} Role"]


def test_an_unused_role_is_found():
    mutated = mutate(LAMBDA, "Spare", read_template(LAMBDA)["Resources"]["Role"])

    assert wrongly_trusted_roles(deploy(mutated)) == [f"{LAMBDA} Spare"]


def test_permissions_come_only_from_roles_and_policies():
    """The tests of roles would miss a policy that attaches itself to a role or needs none."""
    of_iam = [resource for resource in RESOURCES if resource.type.startswith("AWS::IAM::")]

    assert {resource.type for resource in of_iam} == {"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}
    for policy in of_iam:
        if policy.type == "AWS::IAM::ManagedPolicy":
            assert policy.properties.keys() == {"Description", "PolicyDocument"}


# --- resources' own policies -----------------------------------------------------------------------------


def service_context(account: str, **more: str) -> dict[str, str | None]:
    """Return the context of a service's call on behalf of an account."""
    return {"aws:SourceAccount": account, "aws:SecureTransport": "true", **more}


def source(arn: str) -> dict[str, str]:
    return {"aws:SourceArn": arn}


ALARMS = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic:foundation/monitoring.yaml/AlarmTopic"
# These grants have no condition. The path of the log's resource contains this account's number instead, and EventBridge
# promises to send no condition key to a topic; knowing the topic allows only mail to its subscribers.
UNCONDITIONAL = {
    (ACCESS_LOGS, "logdelivery.elasticloadbalancing.amazonaws.com", frozenset({"s3:PutObject"})),
    (ALARMS, "events.amazonaws.com", frozenset({"sns:Publish"})),
}
BY_ALARMS = {(ALARMS, "cloudwatch.amazonaws.com", frozenset({"sns:Publish"}))}
BY_BUCKETS = {(ACCESS_LOGS, "logging.s3.amazonaws.com", frozenset({"s3:PutObject"}))}
BY_LAMBDA = {(IMAGES, "lambda.amazonaws.com", PULL)}
WEB_FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:webapp-dev-web"
BY_TRAIL = {(TRAIL, "cloudtrail.amazonaws.com", frozenset({action})) for action in ("s3:GetBucketAcl", "s3:PutObject")}
BY_API = {(ALIAS, "apigateway.amazonaws.com", frozenset({"lambda:InvokeFunction"}))}
BY_URL = {(ALIAS, "*", frozenset({"lambda:InvokeFunction"})), (ALIAS, "*", frozenset({"lambda:InvokeFunctionUrl"}))}
WITH_ALL = {"CloudTrail": "yes", "Engine": "aurora", "Credentials": "secretsmanager", "Egress": "nat"}


@pytest.mark.parametrize("front_door", ["http_api", "function_url", "rest_api"])
@pytest.mark.parametrize(
    ("context", "more"),
    [
        (service_context(ACCOUNT), set()),
        (service_context(ACCOUNT, **source(WEB_FUNCTION)), BY_LAMBDA),
        (service_context(ACCOUNT, **source(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:other-dev-web")), set()),
        (
            service_context(
                ACCOUNT,
                **source(f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/webapp"),
                **{"s3:x-amz-acl": "bucket-owner-full-control"},
            ),
            BY_TRAIL,
        ),
    ],
)
def test_services_have_their_permissions_for_this_account(
    front_door: str, context: dict[str, str | None], more: set[Any]
):
    granted = grants(deploy(FrontDoor=front_door, **WITH_ALL), context)

    assert granted == UNCONDITIONAL | BY_BUCKETS | BY_ALARMS | more


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:cloudtrail:us-east-1:999999999999:trail/webapp",
        "arn:aws:execute-api:us-east-1:999999999999:foundation/1/$default",
        "arn:aws:lambda:us-east-1:999999999999:function:webapp-dev-web",
    ],
)
@pytest.mark.parametrize("front_door", ["http_api", "function_url", "rest_api"])
def test_services_have_no_permissions_for_another_account(front_door: str, arn: str):
    context = service_context("999999999999", **source(arn), **{"s3:x-amz-acl": "bucket-owner-full-control"})

    assert grants(deploy(FrontDoor=front_door, **WITH_ALL), context) == UNCONDITIONAL


def test_lambda_pulls_without_sending_the_source_account():
    """AWS's pages do not say whether Lambda sends aws:SourceAccount when it pulls an image."""
    assert grants(deploy(), source(WEB_FUNCTION)) - UNCONDITIONAL == BY_LAMBDA


def test_only_the_stacks_http_api_may_invoke_the_function():
    deployment = deploy()
    own = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{LAMBDA}:Api/$default/$default"
    strange = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:another/$default/$default"

    assert grants(deployment, source(own)) - UNCONDITIONAL == BY_API
    assert grants(deployment, source(strange)) - UNCONDITIONAL == set()


def test_only_the_stacks_rest_api_may_invoke_the_function():
    deployment = deploy(FrontDoor="rest_api")
    own = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{LAMBDA}:Rest/live/GET/users"
    strange = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:another/live/GET/users"

    assert grants(deployment, source(own)) - UNCONDITIONAL == BY_API
    assert grants(deployment, source(strange)) - UNCONDITIONAL == set()


def test_the_public_may_invoke_the_function_only_through_its_url():
    deployment = deploy(FrontDoor="function_url")
    by_url = {"lambda:FunctionUrlAuthType": "NONE", "lambda:InvokedViaFunctionUrl": "true"}

    assert grants(deployment, by_url) - UNCONDITIONAL == BY_URL
    assert grants(deployment, {"lambda:InvokedViaFunctionUrl": "false"}) == UNCONDITIONAL
    assert grants(deploy(), by_url) == UNCONDITIONAL


def test_public_access_to_the_operations_function_is_found():
    permission = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Function"}, "Principal": "*"}
    mutated = mutate("operations/template.yaml", "Open", {"Type": "AWS::Lambda::Permission", "Properties": permission})

    assert grants(deploy(mutated), service_context(ACCOUNT)) - UNCONDITIONAL - BY_BUCKETS - BY_ALARMS == {
        ("operations/template.yaml:Function", "*", frozenset({"lambda:InvokeFunction"}))
    }
