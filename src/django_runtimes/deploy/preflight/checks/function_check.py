"""Functions that an interrupted `webapp destroy` has deleted, and the network interfaces that it has left."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.aws.network.function_interfaces import functions_with_group, interfaces_of_functions
from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS, SECURITY_GROUPS
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    yield from _functions(stage)
    group = stage.states[SECURITY_GROUPS].outputs.get("ApplicationGroup")
    if group is None:
        return
    aws = stage.context.aws
    left = list(interfaces_of_functions(aws.brief_client("ec2"), group))
    if left and not functions_with_group(aws.brief_client("lambda"), group):
        yield good(
            f"Lambda has left {len(left)} network interfaces of deleted functions in the stage's network; they cost "
            "nothing, and `webapp destroy` deletes them"
        )


def _functions(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("lambda")
    for stack in (OPERATIONS, LAMBDA):
        name = stage.states[stack].outputs.get("FunctionName")
        if name is None:
            continue
        try:
            client.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            yield bad(
                f"the function {name} of the stack {stage.states[stack].name} does not exist, as after a `webapp "
                "destroy` that was interrupted",
                f"run `webapp destroy --stage {stage.context.deployment.stage}`, which keeps the data; deploy again",
            )


FUNCTIONS = PreflightCheck(
    "the stage's functions",
    ("ec2:DescribeNetworkInterfaces", "lambda:GetFunctionConfiguration", "lambda:ListFunctions"),
    _ask,
)
