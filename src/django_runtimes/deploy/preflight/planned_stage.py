"""A stage as it is now and as the deploy would leave it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import OPERATIONS, STACKS, Stack
from django_runtimes.deploy.context import Context


@dataclass(frozen=True)
class PlannedStage:
    """The stacks of a stage before a deploy, which each check reads instead of asking for them again."""

    context: Context
    states: Mapping[Stack, StackState]

    @property
    def wanted(self) -> tuple[Stack, ...]:
        """The stacks that the deploy creates or updates, in order, except the schedules, which follow its test."""
        context = self.context
        return (*context.foundation, OPERATIONS, *context.tasks, *context.rotation, context.runtime)

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

    def exists(self, stack: Stack) -> bool:
        """Return whether the stack exists, and neither lacks its resources nor has to be deleted first."""
        return self.states[stack].readiness in {Readiness.READY, Readiness.BUSY}

    def value(self, stack: Stack, parameter: str) -> str:
        """Return the value that the deploy gives a parameter; empty if the project's own template lacks it."""
        declared = self.context.templates[stack.name].parameters
        return self.context.value(stack, parameter) if parameter in declared else ""

    def changes(self, stack: Stack, *parameters: str) -> bool:
        """Return whether the deploy creates the stack, or gives one of the parameters another value."""
        deployed = self.states[stack].parameters
        return not self.exists(stack) or any(deployed.get(name, "") != self.value(stack, name) for name in parameters)


def look_at(context: Context) -> PlannedStage:
    """Read the states of all stacks from AWS."""
    return PlannedStage(context, {stack: context.state(stack) for stack in STACKS})
