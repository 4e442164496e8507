"""Limits the log groups that AWS's services create themselves, and would otherwise keep forever.

They are in no stack: RDS writes to its groups even while it deletes the database, so a group that a stack has deleted
would exist again, and block the next creation of that stack.
"""

from django_runtimes.deploy.aws.logs.log_groups import LogGroups
from django_runtimes.deploy.catalogue import DATABASE, LOGS, PROXY, DeployTarget
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing.database_check import read_server
from django_runtimes.deploy.templates.database_system import DatabaseSystem

_ENGINES = {"instance": "instance", "aurora": "cluster"}


def limit_service_logs(context: Context) -> None:
    """Create or adopt the groups of the stage's services, and keep their events for as long as the other logs."""
    groups, days = LogGroups(context.aws), int(context.value(LOGS, "LogRetentionDays"))
    tags = {"project": context.configuration.project, "stage": context.deployment.stage}
    for group in service_log_groups(context):
        groups.ensure(group, retention_days=days, tags=tags)


def service_log_groups(context: Context) -> list[str]:
    """Return the groups to which services will write, by the names that the templates give to the services."""
    name = _name(context)
    wanted = []
    if context.rotation:
        wanted.append(_of_rotation(name))
    # The log of an existing database belongs to its owner, even if the database has the name of the stage, and so does
    # the rotation of its administrator's secret.
    if not context.deployment.existing.has_database:
        if context.rotation:
            wanted.append(_of_operations_rotation(name))
        credentials = context.value(DATABASE, "Credentials")
        engine = context.value(DATABASE, "Engine")
        wanted += database_log_groups(name, context.database_system, engine, credentials)
    if PROXY in context.foundation:
        wanted.append(_of_proxy(name))
    return wanted


def limit_app_runner_logs(context: Context) -> None:
    """Limit the groups of App Runner's service once they exist, since their names contain the service's identifier."""
    if context.deployment.target is DeployTarget.AWS_APP_RUNNER:
        days = int(context.value(LOGS, "LogRetentionDays"))
        LogGroups(context.aws).limit_folder(_of_app_runner(_name(context)), retention_days=days)


def delete_service_logs(context: Context) -> None:
    """Delete the groups of the stage's services, which no longer write to them."""
    groups, name = LogGroups(context.aws), _name(context)
    for group in (_of_rotation(name), _of_operations_rotation(name)):
        groups.delete(group)
    for engine, kind in _ENGINES.items():
        # A database of this name that still exists is not the stage's own, and neither are its logs.
        if read_server(context.aws.client("rds"), kind, name) is None:
            for group in database_log_groups(name, context.database_system, engine, "iam"):
                groups.delete(group)
    groups.delete(_of_proxy(name))
    groups.delete_folder(_of_app_runner(name))


def _name(context: Context) -> str:
    """Return the name that the templates give to the database, the proxy and the service."""
    return f"{context.configuration.project}-{context.deployment.stage}"


def database_log_groups(name: str, system: DatabaseSystem, engine: str, credentials: str) -> list[str]:
    """Return the groups to which RDS exports the logs of the database with this name."""
    logs = [*system.logs, *(["iam-db-auth-error"] if credentials == "iam" else [])]
    return [f"/aws/rds/{_ENGINES[engine]}/{name}/{log}" for log in logs]


def _of_proxy(name: str) -> str:
    return f"/aws/rds/proxy/{name}"


def _of_rotation(name: str) -> str:
    return f"/aws/lambda/{name}-rotation"


def _of_operations_rotation(name: str) -> str:
    return f"/aws/lambda/{name}-operations-rotation"


def _of_app_runner(name: str) -> str:
    return f"/aws/apprunner/{name}/"
