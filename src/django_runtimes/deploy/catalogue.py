"""Lists the stacks of a project in order, with their templates and the targets that need them."""

from dataclasses import dataclass
from enum import StrEnum


class DeployTarget(StrEnum):
    """The service that runs a stage's application."""

    AWS_LAMBDA = "aws_lambda"
    AWS_APP_RUNNER = "aws_app_runner"
    AWS_ECS = "aws_ecs"
    AWS_ECS_EXPRESS = "aws_ecs_express"


@dataclass(frozen=True)
class Stack:
    """One stack; webapp.toml uses the same `name`."""

    name: str
    template: str
    of_stage: bool = True
    # Whether deleting the stack loses data, directly or by deleting what the data depend on.
    holds_data: bool = False


REGISTRY = Stack("registry", "foundation/registry.yaml", of_stage=False, holds_data=True)
MONITORING = Stack("monitoring", "foundation/monitoring.yaml", holds_data=True)
LOGS = Stack("logs", "foundation/logs.yaml", holds_data=True)
NETWORK = Stack("network", "foundation/network.yaml", holds_data=True)
SECURITY_GROUPS = Stack("security-groups", "foundation/security-groups.yaml", holds_data=True)
ENDPOINTS = Stack("endpoints", "foundation/endpoints.yaml")
STORAGE = Stack("storage", "foundation/storage.yaml", holds_data=True)
DISTRIBUTION = Stack("distribution", "foundation/distribution.yaml")
DATABASE = Stack("database", "foundation/database.yaml", holds_data=True)
SECRETS = Stack("secrets", "foundation/secrets.yaml", holds_data=True)
PROXY = Stack("proxy", "foundation/proxy.yaml")
OPERATIONS = Stack("operations", "operations/template.yaml")
OPERATIONS_TASK = Stack("operations-task", "operations/task.yaml")
SCHEDULES = Stack("schedules", "operations/schedules.yaml")
ROTATION = Stack("rotation", "foundation/rotation.yaml")
LAMBDA = Stack("lambda", "lambda/template.yaml")
APP_RUNNER = Stack("apprunner", "apprunner/template.yaml")
LOAD_BALANCER = Stack("load-balancer", "ecs/load-balancer.yaml")
FARGATE = Stack("fargate", "ecs/fargate.yaml")
EXPRESS = Stack("express", "ecs/express.yaml")

# These take the place of a network, or of a database on PostgreSQL: the same stacks, with other templates.
MYSQL_DATABASE = Stack("database", "foundation/mysql-database.yaml", holds_data=True)
ORACLE_DATABASE = Stack("database", "foundation/oracle-database.yaml", holds_data=True)
SQL_SERVER_DATABASE = Stack("database", "foundation/sqlserver-database.yaml", holds_data=True)
EXISTING_NETWORK = Stack("network", "foundation/existing-network.yaml", holds_data=True)
EXISTING_DATABASE = Stack("database", "foundation/existing-database.yaml", holds_data=True)

# The stacks in order of creation. account.yaml belongs to no project and is created by hand.
STACKS = (
    REGISTRY,
    MONITORING,
    LOGS,
    NETWORK,
    SECURITY_GROUPS,
    ENDPOINTS,
    STORAGE,
    DISTRIBUTION,
    DATABASE,
    SECRETS,
    PROXY,
    OPERATIONS,
    OPERATIONS_TASK,
    SCHEDULES,
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
# The stacks whose processes run the image: the application, and its management commands.
PROCESS_STACKS = tuple(stack.name for stack in (OPERATIONS, OPERATIONS_TASK, *_RUNTIMES.values()))
# The additional stacks that only one target needs.
_COMPANIONS = {DeployTarget.AWS_LAMBDA: (PROXY,), DeployTarget.AWS_ECS: (LOAD_BALANCER,)}


def runtime_stack(target: DeployTarget) -> Stack:
    """Return the stack that receives the traffic."""
    return _RUNTIMES[target]


def endpoint_stack(target: DeployTarget) -> Stack:
    """Return the stack whose output `Endpoint` is the application's address."""
    return LOAD_BALANCER if target is DeployTarget.AWS_ECS else _RUNTIMES[target]


def foundation(target: DeployTarget, *, egress: str, static_files: str, has_proxy: bool = True) -> tuple[Stack, ...]:
    """Return the stacks that must exist before an image is deployed, in order.

    `egress` is the parameter of the network, and `static_files` the one of the storage. Without `has_proxy` a function
    needs no proxy either.
    """
    wanted = {REGISTRY, MONITORING, LOGS, NETWORK, SECURITY_GROUPS, STORAGE, DATABASE, SECRETS}
    wanted |= set(_COMPANIONS.get(target, ())) - (set() if has_proxy else {PROXY})
    if egress == "endpoints":
        wanted.add(ENDPOINTS)
    if static_files == "cloudfront":
        wanted.add(DISTRIBUTION)
    return tuple(stack for stack in STACKS if stack in wanted)


def removable(target: DeployTarget | None, *, with_data: bool) -> tuple[Stack, ...]:
    """Return the stacks that `destroy` deletes, in order: one target's or the stage's, never the shared registry."""
    if target is not None:
        wanted = {_RUNTIMES[target], *_COMPANIONS.get(target, ())}
    else:
        wanted = {stack for stack in STACKS if stack.of_stage and (with_data or not stack.holds_data)}
    return tuple(stack for stack in reversed(STACKS) if stack in wanted)
