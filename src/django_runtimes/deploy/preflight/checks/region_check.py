"""Whether the region offers the resource types and options that not every region has."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import LAMBDA
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good

# Some region lacks each of these types; cfn-lint's schemas list them. A resource with a condition may not be created.
RARE_TYPES = (
    "AWS::AppRunner::Service",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::Lambda::CapacityProvider",
    "AWS::Lambda::Url",
    "AWS::RDS::DBProxy",
)
# cfn-lint lists these regions. AWS may have added SnapStart to one since then, so the answer is a warning.
WITHOUT_SNAP_START = frozenset(
    {
        "ap-east-2",
        "ap-southeast-6",
        "cn-north-1",
        "cn-northwest-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
        "us-gov-east-1",
        "us-gov-west-1",
        "us-iso-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isob-west-1",
        "us-isof-east-1",
        "us-isof-south-1",
    }
)
_SNAP_START = "SnapStart"
_CHOICES = {
    "AWS::CloudFront::OriginAccessControl": ("StaticFiles", "cloudfront"),
    "AWS::Lambda::CapacityProvider": ("ManagedInstances", "yes"),
    "AWS::Lambda::Url": ("FrontDoor", "function_url"),
}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    client = context.aws.brief_client("cloudformation")
    offered = []
    for stack in stage.new:
        for type_name in sorted(set(context.templates[stack.name].resource_types.values()) & set(RARE_TYPES)):
            parameter, value = _CHOICES.get(type_name, ("", ""))
            # The stack of a parameter that it does not have exists only with that value.
            has_parameter = parameter in context.templates[stack.name].parameters
            if has_parameter and context.value(stack, parameter) != value:
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
    if context.aws.region in WITHOUT_SNAP_START and _has_snapshots(context):
        yield doubtful(
            f"{context.aws.region} has no {_SNAP_START}, as far as is known",
            f"if AWS refuses the stack '{LAMBDA.name}', remove {_SNAP_START}, or choose another region in {FILE_NAME}",
        )


def _has_snapshots(context: Context) -> bool:
    # An older copy of the templates does not have the parameter.
    has_parameter = _SNAP_START in context.templates[LAMBDA.name].parameters
    return context.runtime is LAMBDA and has_parameter and context.value(LAMBDA, _SNAP_START) == "yes"


REGION = PreflightCheck("what the region offers", ("cloudformation:DescribeType",), _ask)
