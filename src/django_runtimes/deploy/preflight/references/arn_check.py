"""Whether the ARNs among the parameters are of the stage's region and account."""

from collections.abc import Iterator

from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good

# All parameters of the templates that take an ARN, and what another account would need. A text is the reason why
# another account may own the resource.
ARN_PARAMETERS = {
    "CertificateArn": "",
    "MeasurementKeyArn": "",
    "OperationsSecret": "",
    "Snapshot": "an account may share its snapshots",
}
_PARTS = 6


def arn_fault(context: Context, parameter: str, arn: str) -> str:
    """Return why the stage cannot use the ARN, or an empty text."""
    parts = arn.split(":", _PARTS - 1)
    if len(parts) < _PARTS:
        return "is not a complete ARN"
    region, account = parts[3], parts[4]
    if region != context.aws.region:
        return f"is in the region '{region}', but the stage is in {context.aws.region}"
    if account != context.aws.account and not ARN_PARAMETERS[parameter]:
        return f"is of the account '{account}', but the stage is in {context.aws.account}"
    return ""


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    count = faults = 0
    for stack in stage.wanted:
        for parameter in ARN_PARAMETERS:
            arn = stage.value(stack, parameter)
            if not arn.startswith("arn:"):
                continue
            count += 1
            if fault := arn_fault(context, parameter, arn):
                faults += 1
                yield bad(
                    f"{parameter} = '{arn}' of the stack '{stack.name}' {fault}",
                    f"name one of account {context.aws.account} in {context.aws.region}, in {FILE_NAME}",
                )
    if count and not faults:
        yield good(f"{count} ARNs among the parameters fit the stage's region and account")


ARNS = PreflightCheck("the ARNs among the parameters", ("sts:GetCallerIdentity",), _ask)
