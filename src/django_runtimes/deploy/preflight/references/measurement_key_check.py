"""Whether the secret with the key of the measurements exists, and the application can read it."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.aws.stored_secrets import secret_fault
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good
from django_runtimes.deploy.preflight.references.arn_check import arn_fault

_PARAMETER = "MeasurementKeyArn"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    arn = stage.value(context.runtime, _PARAMETER)
    if not arn or arn_fault(context, _PARAMETER, arn):
        # The check of the ARNs reports the reason.
        return
    try:
        found = context.aws.brief_client("secretsmanager").describe_secret(SecretId=arn)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        yield bad(f"{_PARAMETER} = '{arn}' does not exist", f"correct or remove it in {FILE_NAME}")
        return
    fault = secret_fault(arn, found, setting=f"`aws secretsmanager put-secret-value --secret-id {arn}`")
    if fault is not None:
        yield bad(f"{_PARAMETER}: the secret {arn} {fault[0]}", fault[1])
    else:
        yield good("the secret with the key of the measurements exists")


MEASUREMENT_KEY = PreflightCheck("the key of the measurements", ("secretsmanager:DescribeSecret",), _ask)
