"""Asks AWS about everything that a stage takes over, before a deploy creates or changes anything."""

from collections.abc import Iterator

from django_runtimes.deploy.aws.stack_status import Readiness
from django_runtimes.deploy.catalogue import DATABASE, ENDPOINTS, NETWORK, PROXY
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing.database_check import DatabaseCheck
from django_runtimes.deploy.existing.existing_problem import ExistingProblem
from django_runtimes.deploy.existing.login_check import login_problems
from django_runtimes.deploy.existing.network_check import NetworkCheck
from django_runtimes.deploy.existing.snapshot_check import SnapshotCheck


def existing_problems(context: Context) -> Iterator[ExistingProblem]:
    """Yield the problems of the stage's existing network, database and snapshot."""
    existing = context.deployment.existing
    if existing.has_network:
        yield from _of_network(context)
    if existing.has_database:
        yield from _of_database(context)
    if existing.starts_from_snapshot and _will_be_created(context):
        # Once the database exists, its snapshot may be deleted.
        parameters = {name: context.value(DATABASE, name) for name in context.templates[DATABASE.name].parameters}
        yield from SnapshotCheck(f"[stages.{existing.stage}.database]", parameters).problems(context.aws)


def _of_network(context: Context) -> Iterator[ExistingProblem]:
    public = context.value(NETWORK, "PublicSubnets")
    check = NetworkCheck(
        f"[stages.{context.deployment.stage}.network]",
        context.value(NETWORK, "PrivateSubnets").split(","),
        public.split(",") if public else [],
        target=context.deployment.target,
        egress=context.value(NETWORK, "Egress"),
        mails=context.value(ENDPOINTS, "MailEndpoint") == "yes",
        has_tasks=any(each.task for each in context.deployment.settings.schedules),
    )
    yield from check.problems(context.aws, context.value(NETWORK, "VpcId"), own_endpoints=context.has(ENDPOINTS))


def _of_database(context: Context) -> Iterator[ExistingProblem]:
    place = f"[stages.{context.deployment.stage}.database]"
    parameters, credentials = context.parameters(DATABASE), context.value(DATABASE, "Credentials")
    check = DatabaseCheck(
        place,
        parameters,
        engine=context.value(DATABASE, "Engine"),
        credentials=credentials,
        has_proxy=PROXY in context.foundation,
    )
    yield from check.problems(context.aws, context.value(NETWORK, "VpcId"))
    yield from login_problems(context.aws, place, parameters, credentials=credentials, rotates=bool(context.rotation))


def _will_be_created(context: Context) -> bool:
    state = context.state(DATABASE)
    return not state.exists or state.readiness is Readiness.STUCK
