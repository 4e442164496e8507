"""Errors from AWS become one line with a remedy."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.aws.aws_api import Aws, explain_error


def client_error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateChangeSet")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NoCredentialsError(), "no AWS credentials found; set AWS_PROFILE, or run `aws configure` or"),
        (ProfileNotFound(profile="team"), "The config profile (team) could not be found; set AWS_PROFILE to one of"),
        (
            EndpointConnectionError(endpoint_url="https://cloudformation.eu-nowhere-1.amazonaws.com"),
            "AWS cannot be reached: Could not connect to the endpoint URL",
        ),
        (
            client_error("ExpiredToken", "The security token included in the request is expired"),
            "AWS's credentials have expired (CreateChangeSet: The security token included in the request is expired); "
            "log in again",
        ),
        (
            client_error("InvalidClientTokenId", "Invalid token."),
            "AWS rejects these credentials (CreateChangeSet: Inv",
        ),
        (
            client_error("AccessDenied", "User: a is not\nauthorized to perform: cloudformation:CreateChangeSet"),
            "AWS does not permit CreateChangeSet: User: a is not authorized to perform: cloudformation:CreateChangeSet",
        ),
        (client_error("ValidationError", "No such parameter"), "AWS refuses CreateChangeSet: No such parameter"),
        (
            client_error("Throttling", "Rate exceeded"),
            "AWS throttles CreateChangeSet: Rate exceeded; wait a minute, and run it again",
        ),
    ],
)
def test_an_error_is_reported_in_one_line_with_the_remedy(error: Exception, expected: str):
    assert explain_error(error).startswith(expected)
    assert "\n" not in explain_error(error)


def test_an_unknown_region_is_refused_with_a_suggestion():
    with pytest.raises(
        UsageError, match=r"region 'eu-centrl-1' in webapp.toml is unknown .* did you mean eu-central-1\?"
    ):
        Aws("eu-centrl-1")
