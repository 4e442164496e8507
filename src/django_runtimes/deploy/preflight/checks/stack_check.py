"""Stacks in a state that blocks their update."""

from collections.abc import Iterator

from django_runtimes.deploy.aws.stack_status import Readiness, stack_remedy
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    for state in stage.states.values():
        if state.readiness is Readiness.STUCK:
            yield bad(
                f"the stack {state.name} is in {state.status}",
                stack_remedy(state.name, str(state.status), context.aws.region),
            )
        if state.readiness is Readiness.UNCREATED:
            yield doubtful(
                f"the stack {state.name} could not be created",
                "the next deploy deletes it, since it has no resources, and creates it again",
            )
    image = stage.states[context.runtime].parameters.get("ImageUri", "none")
    yield good(f"{len(stage.existing)} stacks exist; the image is {image}")


STACK_STATES = PreflightCheck("the state of the stacks", ("cloudformation:DescribeStacks",), _ask)
