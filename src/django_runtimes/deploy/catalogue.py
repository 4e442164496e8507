"""The stacks of a project: which template each is made from, in which order, and what each target needs."""

from dataclasses import dataclass
from enum import StrEnum


class DeployTarget(StrEnum):
    """What a stage is deployed to."""

    AWS_LAMBDA = "aws_lambda"
    AWS_APP_RUNNER = "aws_app_runner"
    AWS_ECS = "aws_ecs"
    AWS_ECS_EXPRESS = "aws_ecs_express"


@dataclass(frozen=True)
class Stack:
    """One stack; its `name` is also how webapp.toml calls it."""

    name: str
    template: str
    of_stage: bool = True
    # What is lost, or what holds what is lost, when the stack goes.
    holds_data: bool = False


REGISTRY = Stack("registry", "foundation/registry.yaml", of_stage=False, holds_data=True)
MONITORING = Stack("monitoring", "foundation/monitoring.yaml", holds_data=True)
NETWORK = Stack("network", "foundation/network.yaml", holds_data=True)
SECURITY_GROUPS = Stack("security-groups", "foundation/security-groups.yaml", holds_data=True)
ENDPOINTS = Stack("endpoints", "foundation/endpoints.yaml")
STORAGE = Stack("storage", "foundation/storage.yaml", holds_data=True)
DATABASE = Stack("database", "foundation/database.yaml", holds_data=True)
SECRETS = Stack("secrets", "foundation/secrets.yaml", holds_data=True)
PROXY = Stack("proxy", "foundation/proxy.yaml")
OPERATIONS = Stack("operations", "operations/template.yaml")
OPERATIONS_TASK = Stack("operations-task", "operations/task.yaml")
ROTATION = Stack("rotation", "foundation/rotation.yaml")
LAMBDA = Stack("lambda", "lambda/template.yaml")
APP_RUNNER = Stack("apprunner", "apprunner/template.yaml")
LOAD_BALANCER = Stack("load-balancer", "ecs/load-balancer.yaml")
FARGATE = Stack("fargate", "ecs/fargate.yaml")
EXPRESS = Stack("express", "ecs/express.yaml")

# In the order in which they are created; account.yaml belongs to no project, and is created by hand.
STACKS = (
    REGISTRY,
    MONITORING,
    NETWORK,
    SECURITY_GROUPS,
    ENDPOINTS,
    STORAGE,
    DATABASE,
    SECRETS,
    PROXY,
    OPERATIONS,
    OPERATIONS_TASK,
    ROTATION,
    LAMBDA,
    APP_RUNNER,
    LOAD_BALANCER,
    FARGATE,
    EXPRESS,
)

# The stack that runs the application.
_RUNTIMES = {
    DeployTarget.AWS_LAMBDA: LAMBDA,
    DeployTarget.AWS_APP_RUNNER: APP_RUNNER,
    DeployTarget.AWS_ECS: FARGATE,
    DeployTarget.AWS_ECS_EXPRESS: EXPRESS,
}
# Those that one target alone needs, beside it.
_COMPANIONS = {DeployTarget.AWS_LAMBDA: (PROXY,), DeployTarget.AWS_ECS: (LOAD_BALANCER,)}


def runtime_stack(target: DeployTarget) -> Stack:
    """The stack that has the traffic."""
    return _RUNTIMES[target]


def endpoint_stack(target: DeployTarget) -> Stack:
    """The stack whose output `Endpoint` is the application's address."""
    return LOAD_BALANCER if target is DeployTarget.AWS_ECS else _RUNTIMES[target]


def foundation(target: DeployTarget, *, egress: str) -> tuple[Stack, ...]:
    """What has to be there before an image, in order; `egress` is the network's."""
    wanted = {REGISTRY, MONITORING, NETWORK, SECURITY_GROUPS, STORAGE, DATABASE, SECRETS}
    wanted |= set(_COMPANIONS.get(target, ()))
    if egress == "endpoints":
        wanted.add(ENDPOINTS)
    return tuple(stack for stack in STACKS if stack in wanted)


def removable(target: DeployTarget | None, *, with_data: bool) -> tuple[Stack, ...]:
    """What `destroy` deletes, in order: one target's stacks, or the stage's; the registry is every stage's."""
    if target is not None:
        wanted = {_RUNTIMES[target], *_COMPANIONS.get(target, ())}
    else:
        wanted = {stack for stack in STACKS if stack.of_stage and (with_data or not stack.holds_data)}
    return tuple(stack for stack in reversed(STACKS) if stack in wanted)
