import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from tests.deploy.standin.errors import AwsError, InvalidAnswerError, NotSupportedError
from tests.deploy.standin.protocol import Scope, read_call, write_result

pytestmark = pytest.mark.profile_free


def _list_stacks(body: bytes = b"Action=ListStacks&Version=2010-05-15"):
    return read_call(
        Scope("key", "us-east-1", "cloudformation"),
        method="POST",
        url="http://127.0.0.1/",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=body,
    )


def test_an_error_names_the_unknown_operation():
    with pytest.raises(NotSupportedError, match="operation cloudformation MakeCoffee"):
        _list_stacks(b"Action=MakeCoffee&Version=2010-05-15")


def test_a_value_that_botocore_accepts_but_aws_rejects_is_rejected():
    with pytest.raises(AwsError, match="Member must satisfy enum value set"):
        _list_stacks(b"Action=ListStacks&Version=2010-05-15&StackStatusFilter.member.1=LOVELY")


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ({"StackSummaries": [{"StackName": "a"}]}, "Missing required parameter"),
        ({"Stacks": []}, "Unknown parameter"),
        ({"NextToken": 3}, "Invalid type for parameter NextToken"),
    ],
)
def test_an_answer_that_violates_the_model_is_an_error(result, complaint):
    with pytest.raises(InvalidAnswerError, match=complaint):
        write_result(_list_stacks(), result)


@pytest.mark.parametrize(
    ("service", "method", "parameters", "name"),
    [
        ("cloudformation", "list_types", {}, "cloudformation:ListTypes"),
        ("dynamodb", "list_tables", {}, "dynamodb:ListTables"),
        ("lambda", "list_layers", {}, "lambda:ListLayers"),
    ],
)
def test_an_error_names_the_unsupported_operation(shared_aws, service, method, parameters, name):
    with pytest.raises(ClientError, match=f"StandInLacks.*{name}") as raised:
        getattr(shared_aws.client(service), method)(**parameters)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unknown_region_cannot_be_reached(shared_aws):
    with pytest.raises((EndpointConnectionError, HTTPClientError)):
        shared_aws.client("sts", region="us-esat-1").get_caller_identity()


def test_a_request_without_a_signature_is_refused(shared_aws):
    from botocore import UNSIGNED
    from botocore.config import Config

    unsigned = boto3.client(
        "sts", region_name="us-east-1", endpoint_url=shared_aws.url, config=Config(signature_version=UNSIGNED)
    )

    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        unsigned.get_caller_identity()


def test_parameter_store_calls_are_forwarded_to_moto(shared_aws):
    ssm = shared_aws.client("ssm")
    ssm.put_parameter(Name="/a/b", Value="c", Type="String")

    assert ssm.get_parameter(Name="/a/b")["Parameter"]["Value"] == "c"


def test_calls_are_listed_in_order(shared_aws):
    before = len(shared_aws.calls())
    shared_aws.client("sts").get_caller_identity()
    shared_aws.client("ssm").describe_parameters()

    assert shared_aws.calls()[before:] == ["sts:GetCallerIdentity", "ssm:DescribeParameters"]
