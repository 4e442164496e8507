"""Names that the deploy needs and that another stack, or nobody's leftover, has."""

from collections.abc import Iterator

from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.catalogue import Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.names.fixed_names import FixedName, export_names, fixed_names
from django_runtimes.deploy.preflight.names.taken_names import is_taken
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    count, taken = 0, False
    for stack in stage.wanted:
        for found in _missing(stage, stack):
            count += 1
            if is_taken(context.aws, found.type, found.name):
                taken = True
                yield bad(
                    f"{found.type} '{found.name}' exists already, outside the stack {context.stack_name(stack)} that "
                    "would create it",
                    "delete it if it is a leftover, import it into a stack, or choose another project name in "
                    f"{FILE_NAME}",
                )
    for stack, exporter, name in _foreign_exports(stage):
        taken = True
        yield bad(
            f"the stack {exporter} exports '{name}' already, so {context.stack_name(stack)} could not",
            f"delete that stack if it is a leftover, or choose another project name in {FILE_NAME}",
        )
    if count and not taken:
        yield good(f"{count} names of new resources are free")


def _missing(stage: PlannedStage, stack: Stack) -> Iterator[FixedName]:
    """Yield the names of resources that the stack will have and does not have yet."""
    if stage.states[stack].readiness is Readiness.STUCK:
        # It may hold the names itself, and no deploy begins until it is freed.
        return
    names = list(fixed_names(stage.context.templates[stack.name], stage.values(stack)))
    present = _resources(stage, stack) if names and stage.exists(stack) else set()
    for found in names:
        # Nothing has a name in a group that does not exist.
        if found.resource not in present and (not found.within or found.within in present):
            yield found


def _resources(stage: PlannedStage, stack: Stack) -> set[str]:
    client = stage.context.aws.brief_client("cloudformation")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stage.states[stack].name)
    return {
        each["LogicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def _foreign_exports(stage: PlannedStage) -> Iterator[tuple[Stack, str, str]]:
    """Yield the stacks of the deploy, the other stacks that export their names, and the names."""
    pages = stage.context.aws.brief_client("cloudformation").get_paginator("list_exports").paginate()
    exporters = {each["Name"]: each["ExportingStackId"].split("/")[1] for page in pages for each in page["Exports"]}
    for stack in stage.wanted:
        own = stage.context.stack_name(stack)
        for name in export_names(stage.context.templates[stack.name], stage.values(stack)):
            if exporters.get(name, own) != own:
                yield stack, exporters[name], name


NAMES = PreflightCheck(
    "whether names are free",
    (
        "apprunner:ListServices",
        "cloudformation:GetResource",
        "cloudformation:ListExports",
        "cloudformation:ListStackResources",
        "elasticloadbalancing:DescribeLoadBalancers",
        "scheduler:GetSchedule",
    ),
    _ask,
)
