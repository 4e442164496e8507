"""A stage as it is now and as the deploy would leave it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import OPERATIONS, SCHEDULES, STACKS, Stack
from django_runtimes.deploy.context import Context


@dataclass(frozen=True)
class PlannedStage:
    """The stacks of a stage before a deploy, which each check reads instead of asking for them again."""

    context: Context
    states: Mapping[Stack, StackState]
    # The words that the user passes to the engine that builds the image.
    build_arguments: Sequence[str] = ()

    @property
    def wanted(self) -> tuple[Stack, ...]:
        """The stacks that the deploy creates or updates, in order."""
        context = self.context
        stacks = (*context.foundation, OPERATIONS, *context.tasks, *context.rotation, context.runtime)
        has_schedules = self.states[SCHEDULES].readiness is not Readiness.ABSENT
        return (*stacks, SCHEDULES) if has_schedules or context.has_enabled_schedule else stacks

    @property
    def new(self) -> tuple[Stack, ...]:
        """The stacks that the deploy creates; a stuck one is none of them, since it may hold the names it needs."""
        return tuple(
            stack for stack in self.wanted if self.states[stack].readiness in {Readiness.ABSENT, Readiness.UNCREATED}
        )

    @property
    def existing(self) -> tuple[Stack, ...]:
        """All stacks of the project and stage that exist and can be updated, of this target or another."""
        return tuple(stack for stack in STACKS if self.exists(stack))

    @property
    def new_types(self) -> frozenset[str]:
        """The types of the resources of the new stacks."""
        return frozenset(type_name for stack in self.new for type_name in self._types(stack))

    def exists(self, stack: Stack) -> bool:
        """Return whether the stack exists, and neither lacks its resources nor has to be deleted first."""
        return self.states[stack].readiness in {Readiness.READY, Readiness.BUSY}

    def values(self, stack: Stack) -> dict[str, str]:
        """Return the values of all parameters of a stack that are known before there is an image."""
        declared = self.context.templates[stack.name].parameters
        defaults = {name: str(each.get("Default", "")) for name, each in declared.items()}
        return defaults | self.context.parameters(stack)

    def value(self, stack: Stack, parameter: str) -> str:
        """Return the value that the deploy gives a parameter; empty if the project's own template lacks it."""
        declared = self.context.templates[stack.name].parameters
        return self.context.value(stack, parameter) if parameter in declared else ""

    def _types(self, stack: Stack) -> Iterator[str]:
        template, values = self.context.templates[stack.name], self.values(stack)
        for resource in template.content["Resources"].values():
            try:
                is_created = template.holds(resource.get("Condition"), values)
            except ToolError:
                # A template of the project's own may have conditions that only CloudFormation evaluates.
                is_created = True
            if is_created:
                yield resource["Type"]

    def changes(self, stack: Stack, *parameters: str) -> bool:
        """Return whether the deploy creates the stack, or gives one of the parameters another value."""
        deployed = self.states[stack].parameters
        return not self.exists(stack) or any(deployed.get(name, "") != self.value(stack, name) for name in parameters)


def look_at(context: Context, build_arguments: Sequence[str] = ()) -> PlannedStage:
    """Read the states of all stacks from AWS."""
    return PlannedStage(context, {stack: context.state(stack) for stack in STACKS}, build_arguments)
