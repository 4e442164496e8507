"""Whether the region offers the resource types that not every region has."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good

# Some region lacks each of these types; cfn-lint's schemas list them. A resource with a condition may not be created.
RARE_TYPES = ("AWS::AppRunner::Service", "AWS::Lambda::Url", "AWS::RDS::DBProxy")
_CHOICES = {"AWS::Lambda::Url": ("FrontDoor", "function_url")}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    client = context.aws.brief_client("cloudformation")
    offered = []
    for stack in stage.new:
        for type_name in sorted(set(context.templates[stack.name].resource_types.values()) & set(RARE_TYPES)):
            parameter, value = _CHOICES.get(type_name, ("", ""))
            if parameter and context.value(stack, parameter) != value:
                continue
            try:
                client.describe_type(Type="RESOURCE", TypeName=type_name)
                offered.append(type_name)
            except ClientError as error:
                if error_code(error) not in {"TypeNotFoundException", "CFNRegistryException"}:
                    raise
                remedy = f"set {parameter} to another value" if parameter else "choose another target"
                yield bad(
                    f"{context.aws.region} has no {type_name}, which the stack '{stack.name}' needs",
                    f"{remedy}, or another region in {FILE_NAME}",
                )
    if offered:
        yield good(f"{context.aws.region} offers {', '.join(offered)}")


REGION = PreflightCheck("what the region offers", ("cloudformation:DescribeType",), _ask)
