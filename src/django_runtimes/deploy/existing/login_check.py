"""Compares [stages.….database] secret with the secret, without showing its values."""

import json
from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.aws.stored_secrets import DEFAULT_KEY
from django_runtimes.deploy.existing.existing_problem import ExistingProblem

_LOGIN = ("username", "password")
# AWS's rotation functions also read these.
_ADDRESS = ("engine", "host")


def login_problems(
    aws: Aws, place: str, parameters: Mapping[str, str], *, credentials: str, rotates: bool
) -> Iterator[ExistingProblem]:
    """Yield the problems of the administrator's secret; `rotates` if the rotation of the web login uses it too."""
    arn = parameters.get("OperationsSecret", "")
    if credentials == "iam":
        if arn:
            yield ExistingProblem(
                f"{place} has a secret, which Credentials = 'iam' does not use",
                "remove it, or set Credentials to 'secretsmanager'",
            )
        return
    if not arn:
        yield ExistingProblem(
            f"{place} has no secret, which Credentials = 'secretsmanager' needs",
            "set secret to the ARN of the administrator's login",
        )
        return
    client = aws.brief_client("secretsmanager")
    try:
        described = client.describe_secret(SecretId=arn)
        if described.get("KmsKeyId") not in {None, DEFAULT_KEY}:
            yield ExistingProblem(
                f"the secret {arn} is encrypted with the key {described['KmsKeyId']}, which the roles of the templates "
                "may not use",
                f"encrypt it with {DEFAULT_KEY}, or eject the templates and grant kms:Decrypt",
            )
        text = client.get_secret_value(SecretId=arn).get("SecretString", "")
    except ClientError as error:
        if error_code(error) not in {"ResourceNotFoundException", "InvalidRequestException"}:
            raise
        yield ExistingProblem(f"{place} secret = '{arn}' does not exist or has been deleted", "correct it")
        return
    yield from _content_problems(arn, text, parameters, rotates=rotates)


def _content_problems(
    arn: str, text: str, parameters: Mapping[str, str], *, rotates: bool
) -> Iterator[ExistingProblem]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        yield ExistingProblem(f"the secret {arn} is not a JSON object", f"store one with {' and '.join(_LOGIN)}")
        return
    wanted = (*_LOGIN, *_ADDRESS) if rotates else _LOGIN
    if missing := [name for name in wanted if not content.get(name)]:
        yield ExistingProblem(f"the secret {arn} has no {', '.join(missing)}", "add what is missing to its JSON object")
        return
    if content["username"] != parameters["OperationsUser"]:
        yield ExistingProblem(
            f"the secret {arn} is the login of another role than operations_user = '{parameters['OperationsUser']}'",
            "make both name the same role",
        )
    if rotates and content["host"] != parameters["Host"]:
        yield ExistingProblem(
            f"the secret {arn} has another host than '{parameters['Host']}'", "make both name the same database"
        )
