"""Names that the deploy needs and that another stack, or nobody's leftover, has."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good

# The types whose names identify them, and the property that has the name.
NAME_PROPERTIES = {
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBProxy": "DBProxyName",
}
_FREE = {"ResourceNotFoundException"}


def names_of(context: Context, stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield the type and name of each resource that the stack creates under a name of its own."""
    template = context.templates[stack.name]
    parameters = context.parameters(stack)
    values = {name: str(declared.get("Default", "")) for name, declared in template.parameters.items()} | parameters
    for resource in template.content["Resources"].values():
        name_property = NAME_PROPERTIES.get(resource["Type"])
        name = template.text_of(resource.get("Properties", {}).get(name_property), values)
        if name and template.holds(resource.get("Condition"), values):
            yield resource["Type"], name


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    client = context.aws.brief_client("cloudcontrol")
    names = [(stack, *found) for stack in stage.new for found in names_of(context, stack)]
    taken = False
    for stack, type_name, name in names:
        try:
            client.get_resource(TypeName=type_name, Identifier=name)
        except ClientError as error:
            if error_code(error) not in _FREE:
                raise
            continue
        taken = True
        yield bad(
            f"{type_name} '{name}' exists already, outside the stack {context.stack_name(stack)} that would create it",
            f"delete it if it is a leftover, import it into a stack, or choose another project name in {FILE_NAME}",
        )
    if names and not taken:
        yield good(f"{len(names)} names of new resources are free")


NAMES = PreflightCheck("whether names are free", ("cloudformation:GetResource",), _ask)
