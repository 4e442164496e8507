"""Whether the database has enough connections for everything that the parameters let run at once."""

from collections.abc import Iterator, Mapping

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME
from django_runtimes.config.variables.database.connection_budget import (
    AWS_LAMBDA_MAX_CONCURRENCY,
    DB_MAX_CONNECTIONS,
    DB_PROXY_MAX_CONNECTIONS,
    DB_RESERVED_CONNECTIONS,
    INSTANCES_MAX,
)
from django_runtimes.config.variables.database.database_address import DB_ENGINE
from django_runtimes.config.variables.server_variables import WORKERS
from django_runtimes.databases.budget import Comparison, Sum, connection_budget
from django_runtimes.databases.interface.engine_registry import engine_on_route
from django_runtimes.deploy.catalogue import DATABASE, PROXY, DeployTarget
from django_runtimes.deploy.managed_function import is_managed
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful
from django_runtimes.deploy.templates.database_system import POSTGRESQL

_RUNTIMES = {
    DeployTarget.AWS_LAMBDA: Runtime.AWS_LAMBDA,
    DeployTarget.AWS_APP_RUNNER: Runtime.AWS_APP_RUNNER,
    DeployTarget.AWS_ECS: Runtime.AWS_ECS,
    DeployTarget.AWS_ECS_EXPRESS: Runtime.AWS_ECS,
}
# The parameters from which the templates take the variables of the budget; a template has some of them, and those
# that limit a process depend on the database system.
_PARAMETERS = {
    "MaxInstances": INSTANCES_MAX.name,
    "MaxTasks": INSTANCES_MAX.name,
    "Workers": WORKERS.name,
    "ProxyMaxConnections": DB_PROXY_MAX_CONNECTIONS.name,
    "MaxConnections": DB_MAX_CONNECTIONS.name,
}
_RESERVED = {"ReservedConcurrency": INSTANCES_MAX.name}
# Lambda itself sets the number of processes.
_MANAGED = {"MaxExecutionEnvironments": INSTANCES_MAX.name, "Processes": AWS_LAMBDA_MAX_CONCURRENCY.name}


def budget_parameters(stage: PlannedStage) -> Mapping[str, str]:
    """Return the parameters on which the budget depends, with their variables."""
    of_function = _MANAGED if is_managed(stage.context) else _RESERVED
    return {**of_function, **_PARAMETERS, **stage.context.database_system.process_limits}


def budget_variables(stage: PlannedStage) -> dict[str, str]:
    """Return the variables of the application's processes on which the budget depends."""
    context = stage.context
    parameters = budget_parameters(stage)
    values = {name: stage.value(context.runtime, name) for name in parameters}
    if values.get("ReservedConcurrency") == "0":
        # The proxy limits a function without a reservation.
        values["ReservedConcurrency"] = values["ProxyMaxConnections"]
    variables = {parameters[name]: value for name, value in values.items() if value}
    if context.database_system is not POSTGRESQL:
        variables[DB_ENGINE.name] = context.database_system.engine.value
    return {
        **context.own_settings.environment,
        RUNTIME.name: _RUNTIMES[context.deployment.target].value,
        **variables,
    }


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    yield from _alarm(stage)
    if stage.context.has_data_api:
        # The service opens the connections.
        return
    yield from _share(stage)
    engine = engine_on_route(stage.context.database_system.engine, Route.DIRECT)
    terms = None if engine is None else engine.budget_terms
    assert terms is not None, "a database system of the templates has connections"  # noqa: S101
    try:
        comparisons = connection_budget(budget_variables(stage), None, terms=terms, cpu_count=1)
    except ConfigurationError:
        # A copy of the templates may have values of another form.
        return
    for comparison in comparisons:
        if not comparison.holds and not comparison.unknown:
            yield doubtful(
                f"{comparison.place}: {comparison.needed.value} connections may be needed at once "
                f"({_calculation(comparison.needed)}), {comparison.available.value} are available",
                _remedy(stage, comparison),
            )


def _alarm(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    """Yield a warning if the database never has as many connections as the alarm waits for."""
    # An existing database has more connections than the stage's share.
    if stage.context.deployment.existing.has_database:
        return
    threshold, connections = (stage.value(DATABASE, name) for name in ("AlarmConnections", "MaxConnections"))
    if threshold.isdigit() and connections.isdigit() and int(threshold) >= int(connections):
        yield doubtful(
            f"AlarmConnections = {threshold} is not below MaxConnections = {connections}, so the alarm never goes off",
            f"write AlarmConnections = {int(connections) * 9 // 10} into "
            f"[stages.{stage.context.deployment.stage}.parameters]",
        )


def _share(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    """Yield a warning if the proxy opens another number of connections than the function counts on."""
    context = stage.context
    # With an existing database the share is one of the whole server's connections.
    if PROXY not in context.foundation or context.deployment.existing.has_database:
        return
    counted, percent, connections = (
        stage.value(stack, name)
        for stack, name in (
            (context.runtime, "ProxyMaxConnections"),
            (PROXY, "MaxConnectionsPercent"),
            (context.runtime, "MaxConnections"),
        )
    )
    if not (counted.isdigit() and percent.isdigit() and connections.isdigit()):
        return
    opened = int(connections) * int(percent) // 100
    if int(counted) > opened:
        yield doubtful(
            f"ProxyMaxConnections = {counted}, but the proxy opens at most {opened} connections, "
            f"MaxConnectionsPercent = {percent} of MaxConnections = {connections}",
            f"write ProxyMaxConnections = {opened} into [stages.{context.deployment.stage}.parameters], or raise the "
            "other two",
        )


def _calculation(needed: Sum) -> str:
    return " ".join(f"{term.sign} {term.name} {term.value}".strip() for term in needed.terms)


def _remedy(stage: PlannedStage, comparison: Comparison) -> str:
    """Return which parameters to lower or raise, by the variables that the calculation read."""
    lower = _parameters(stage, comparison.needed)
    raised = _parameters(stage, comparison.available)
    if _reads(comparison.needed, DB_RESERVED_CONNECTIONS.name):
        lower.append(DB_RESERVED_CONNECTIONS.name)
    return f"lower {' or '.join(lower)}, or raise {' or '.join(raised)}"


def _parameters(stage: PlannedStage, terms: Sum) -> list[str]:
    declared: Mapping[str, object] = stage.context.templates[stage.context.runtime.name].parameters
    return [name for name, variable in budget_parameters(stage).items() if name in declared and _reads(terms, variable)]


def _reads(terms: Sum, variable: str) -> bool:
    return any(term.source == variable for term in terms.terms)


CONNECTIONS = PreflightCheck("the database's connections", (), _ask)
