"""Asks AWS about everything that a stage takes over: a network, a database, a snapshot."""

import itertools
from collections.abc import Iterator

from django_runtimes.deploy.catalogue import DATABASE, ENDPOINTS, NETWORK, PROXY
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.existing.database_check import DatabaseCheck
from django_runtimes.deploy.existing.existing_problem import ExistingProblem
from django_runtimes.deploy.existing.login_check import login_problems
from django_runtimes.deploy.existing.network_check import NetworkCheck
from django_runtimes.deploy.existing.snapshot_check import SnapshotCheck
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good
from django_runtimes.deploy.templates.database_system import WEB_USER

# AWS's rotation functions create a second user with this end of its name.
_SECOND_USER = "_clone"


def _network(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if not context.deployment.existing.has_network:
        return
    public = context.value(NETWORK, "PublicSubnets")
    vpc = context.value(NETWORK, "VpcId")
    check = NetworkCheck(
        f"[stages.{context.deployment.stage}.network]",
        context.value(NETWORK, "PrivateSubnets").split(","),
        public.split(",") if public else [],
        target=context.deployment.target,
        has_data_api=context.has_data_api,
        egress=context.value(NETWORK, "Egress"),
        mail_endpoint=context.value(ENDPOINTS, "MailEndpoint"),
        has_tasks=any(each.task for each in context.deployment.settings.schedules),
    )
    problems = check.problems(context.aws, vpc, own_endpoints=stage.exists(ENDPOINTS))
    yield from _or_good(problems, f"the stage fits into the existing {vpc}")


def _database(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if not context.deployment.existing.has_database:
        return
    place = f"[stages.{context.deployment.stage}.database]"
    parameters, credentials = context.parameters(DATABASE), context.value(DATABASE, "Credentials")
    check = DatabaseCheck(
        place,
        parameters,
        system=context.database_system,
        engine=context.value(DATABASE, "Engine"),
        credentials=credentials,
        has_proxy=PROXY in context.foundation,
        has_data_api=context.has_data_api,
    )
    uses_secret = bool(context.rotation) and not context.database_system.rotates_alone
    problems = itertools.chain(
        check.problems(context.aws, context.value(NETWORK, "VpcId")),
        login_problems(context.aws, place, parameters, credentials=credentials, rotates=uses_secret),
        _rotation_problems(context, place),
    )
    yield from _or_good(problems, f"the stage fits the existing database {parameters['Identifier']}")


def _rotation_problems(context: Context, place: str) -> Iterator[ExistingProblem]:
    """Yield why the application's password is not rotated, or could not be."""
    system, user = context.database_system, context.value(DATABASE, WEB_USER)
    if context.rotation:
        longest = None if system.longest_second_user is None else system.longest_second_user - len(_SECOND_USER)
        if longest is not None and len(user) > longest:
            yield ExistingProblem(
                f"{place} user = '{user}' is longer than {longest} characters, and AWS's rotation function adds "
                f"{_SECOND_USER} to the name of its second user, which has at most {system.longest_second_user}",
                "choose a shorter user",
            )
    elif context.has_passwords and system.has_rotation and not context.has_data_api:
        yield ExistingProblem(
            f"the password of '{user}' is not rotated: RDS manages {place} secret, which has no host for AWS's "
            "rotation function",
            "name a secret of your own with username, password, engine and host, or change the password by hand",
            is_warning=True,
        )


def _snapshot(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    # Once the database exists, its snapshot may be deleted.
    if not context.deployment.existing.starts_from_snapshot or stage.exists(DATABASE):
        return
    parameters = {name: context.value(DATABASE, name) for name in context.templates[DATABASE.name].parameters}
    place = f"[stages.{context.deployment.stage}.database]"
    check = SnapshotCheck(place, parameters, system=context.database_system)
    yield from _or_good(
        check.problems(context.aws), f"the database can start from the snapshot {parameters['Snapshot']}"
    )


def _or_good(problems: Iterator[ExistingProblem], text: str) -> Iterator[PreflightAnswer]:
    """Yield the problems as answers, or the text if there are none."""
    found = False
    for problem in problems:
        found = True
        yield (doubtful if problem.is_warning else bad)(problem.text, problem.remedy)
    if not found:
        yield good(text)


EXISTING_NETWORK_FIT = PreflightCheck(
    "the existing network",
    ("ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints"),
    _network,
)
EXISTING_DATABASE_FIT = PreflightCheck(
    "the existing database",
    (
        "ec2:DescribeSecurityGroups",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
    ),
    _database,
)
SNAPSHOT_FIT = PreflightCheck("the snapshot", ("rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots"), _snapshot)
