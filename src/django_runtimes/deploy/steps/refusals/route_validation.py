"""Validates the parameters that the stage's database system and the route to it require or exclude."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, NETWORK, OPERATIONS, PROXY, DeployTarget
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing.database_check import PROXY_ACU
from django_runtimes.deploy.managed_function import is_managed
from django_runtimes.deploy.templates.database_route import (
    DATA_API_PARAMETER,
    DATA_API_ROUTE,
    REQUIRED,
    ROUTE,
    RUNTIME_ROUTE,
    STACKS_WITH_DATA_API,
)
from django_runtimes.deploy.templates.database_system import (
    DATABASE_SYSTEM,
    OPERATIONS_USER,
    POSTGRESQL,
    WEB_USER,
)
from django_runtimes.deploy.templates.template_source import library_templates

# The smallest capacity of a cluster that does not pause, and the step to the next one.
_LEAST_ACU = 0.5


def validate_route(context: Context) -> None:
    """Raise UsageError if the target, the network or the database does not fit the route or the database system."""
    if context.has_data_api:
        _refuse_containers(context)
        _refuse_other_database(context)
        _refuse_older_templates(context)
        _refuse_egress(context)
    _refuse_other_forms(context)
    _refuse_shared_user(context)
    _refuse_unlimited_functions(context)
    _refuse_version_without_proxy(context)
    _refuse_concurrent_migrations(context)
    _refuse_capacity(context)
    _refuse_unreachable_secret(context)


def _refuse_containers(context: Context) -> None:
    target = context.deployment.target
    if target is not DeployTarget.AWS_LAMBDA:
        raise UsageError(
            f"{ROUTE} = '{DATA_API_ROUTE}' is not available on {target}: its containers are billed while the database "
            "pauses, and keep a pool of connections, which is faster than a call of the Data API for each statement; "
            f"set target to '{DeployTarget.AWS_LAMBDA}', or remove {ROUTE} from {FILE_NAME}"
        )


def _refuse_older_templates(context: Context) -> None:
    source = context.template_source
    older = [
        stack.template for stack in STACKS_WITH_DATA_API if DATA_API_PARAMETER not in _declared(context, stack.name)
    ]
    # The template of an existing database has the ARN of its cluster instead.
    if context.deployment.existing.has_database:
        older = [name for name in older if name != DATABASE.template]
    if older:
        raise UsageError(
            f"{', '.join(older)} in {source.directory} has no parameter {DATA_API_PARAMETER}; copy it from "
            f"{library_templates()} of {source.library}, and make your changes in it again"
        )


def _refuse_other_database(context: Context) -> None:
    declared = _declared(context, DATABASE.name)
    for name, wanted in REQUIRED.items():
        if name in declared and (found := context.value(DATABASE, name)) != wanted:
            raise UsageError(
                f"{name} = '{found}' does not fit {ROUTE} = '{DATA_API_ROUTE}', which needs '{wanted}'; remove "
                f"{name} from {FILE_NAME}, or set it to '{wanted}' in [stages.{context.deployment.stage}.parameters]"
            )


def _refuse_egress(context: Context) -> None:
    if (egress := context.value(NETWORK, "Egress")) != "none":
        raise UsageError(
            f"Egress = '{egress}' costs money and serves nothing with {ROUTE} = '{DATA_API_ROUTE}', whose functions "
            f"run outside the network; remove Egress from {FILE_NAME}, or set it to 'none' in "
            f"[stages.{context.deployment.stage}.parameters]"
        )


def _refuse_other_forms(context: Context) -> None:
    """Refuse Aurora and tokens where the stage's own database has neither, and RDS has none of them at all."""
    system, has_database = context.database_system, context.deployment.existing.has_database
    if system is POSTGRESQL:
        return
    place = f"[stages.{context.deployment.stage}.parameters]"
    engine = context.value(DATABASE, "Engine")
    if engine not in system.rds_engines or (engine == "aurora" and not has_database):
        reason = "the templates create instances only" if engine in system.rds_engines else "it has no Aurora"
        raise UsageError(
            f"Engine = '{engine}' does not fit {DATABASE_SYSTEM} = '{system.value}': {reason}; set Engine to "
            f"'instance' in {place} of {FILE_NAME}"
        )
    if context.value(DATABASE, "Credentials") == "iam" and not (has_database and system.is_administered):
        raise UsageError(
            f"Credentials = 'iam' does not fit {DATABASE_SYSTEM} = '{system.value}': RDS creates no administrator of "
            f"{system.product} that logs in with tokens; set Credentials to 'secretsmanager' in {place} of "
            f"{FILE_NAME}, or remove it"
        )


def _refuse_shared_user(context: Context) -> None:
    """Refuse one user for the application and the operations, which `create_web_role` can neither create nor limit."""
    if WEB_USER not in _declared(context, DATABASE.name) or OPERATIONS_USER not in _declared(context, DATABASE.name):
        return
    web, operations = context.value(DATABASE, WEB_USER), context.value(DATABASE, OPERATIONS_USER)
    # Oracle and SQL Server do not distinguish names by case.
    if web == operations or (not context.database_system.is_administered and web.lower() == operations.lower()):
        place = f"[stages.{context.deployment.stage}.database]"
        raise UsageError(
            f"{place} user = '{web}' is also operations_user, but the application needs a user of its own, which the "
            f"deploy creates; choose another user in {FILE_NAME}"
        )


def _refuse_unlimited_functions(context: Context) -> None:
    """Refuse functions whose connections nothing limits: neither a proxy nor their concurrency."""
    system, deployment = context.database_system, context.deployment
    if system.has_proxy or deployment.target is not DeployTarget.AWS_LAMBDA:
        return
    if context.value(LAMBDA, "ReservedConcurrency") == "0" and not is_managed(context):
        raise UsageError(
            f"ReservedConcurrency = '0' limits no connections to {system.product}, which RDS Proxy does not serve; set "
            f"it to 1 or more in [stages.{deployment.stage}.parameters] of {FILE_NAME}, or remove it"
        )


def _refuse_version_without_proxy(context: Context) -> None:
    """Refuse a version of the stage's own database that RDS Proxy does not serve."""
    system = context.database_system
    if PROXY not in context.foundation or context.deployment.existing.has_database or not system.versions_without_proxy:
        return
    if (version := context.value(DATABASE, system.version_parameter)) in system.versions_without_proxy:
        raise UsageError(
            f"{system.version_parameter} = '{version}' is a version of {system.product} that RDS Proxy does not serve; "
            f"remove it from {FILE_NAME}, or deploy the stage to containers"
        )


def _refuse_concurrent_migrations(context: Context) -> None:
    """Refuse commands at the same time where only the function's reserved execution keeps two migrations apart."""
    system = context.database_system
    if not system.is_administered and context.value(OPERATIONS, "ReservedExecution") != "yes":
        raise UsageError(
            f"ReservedExecution = 'no' lets migrations of {system.product} run at the same time, which has no lock for "
            f"them; remove it from {FILE_NAME}, or set it to 'yes'"
        )


def _refuse_capacity(context: Context) -> None:
    """Refuse a minimum of Aurora's capacity that the clients of the cluster do not allow."""
    if context.deployment.existing.has_database or context.value(DATABASE, "Engine") != "aurora":
        return
    for name in ("MinAcu", "MaxAcu"):
        text = context.value(DATABASE, name)
        if float(text) % _LEAST_ACU:
            raise UsageError(
                f"{name} = '{text}' is not a capacity of Aurora, which has steps of {_LEAST_ACU} ACU; correct it in "
                f"{FILE_NAME}"
            )
    text = context.value(DATABASE, "MinAcu")
    capacity = float(text)
    if PROXY in context.foundation and capacity < PROXY_ACU:
        raise UsageError(
            f"MinAcu = '{text}' is too small for RDS Proxy, which waits for more capacity until its stack fails; "
            f"set it to {PROXY_ACU} or more in {FILE_NAME}, or remove it"
        )
    if capacity == 0 and not context.has_data_api:
        raise UsageError(
            f"MinAcu = '{text}' pauses no cluster with {ROUTE} = '{RUNTIME_ROUTE}', since the containers keep their "
            f"connections; set it to {_LEAST_ACU} or more in {FILE_NAME}, or remove it"
        )


def _refuse_unreachable_secret(context: Context) -> None:
    if context.has_data_api or context.value(DATABASE, "Credentials") != "secretsmanager":
        return
    if context.value(NETWORK, "Egress") == "none":
        system = context.database_system
        takes_tokens = system is POSTGRESQL or (system.is_administered and context.deployment.existing.has_database)
        raise UsageError(
            "Credentials = 'secretsmanager' with Egress = 'none' cuts the operations function off from its secret; "
            f"set Egress to 'endpoints' or 'nat' in {FILE_NAME} "
            f"({context.template_source.readme('foundation')} lists their prices)"
            + (", or Credentials to 'iam'" if takes_tokens else "")
        )


def _declared(context: Context, name: str) -> frozenset[str]:
    return frozenset(context.templates[name].parameters)
