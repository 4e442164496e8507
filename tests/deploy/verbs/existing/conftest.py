"""A stage with an existing network or database, in an account that every test restores."""

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.aws.aws_api import Aws
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import STACKS
from django_runtimes.deploy.configuration import choose_deployment, parse_configuration
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.existing_check import EXISTING_DATABASE_FIT, EXISTING_NETWORK_FIT, SNAPSHOT_FIT
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import Outlook
from django_runtimes.deploy.templates import parameters
from django_runtimes.deploy.templates.parameters import read_templates
from django_runtimes.deploy.templates.template_source import find_templates
from django_runtimes.deploy.templates.templates import read_template
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.existing_account import Problems


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with standin(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def api(started: StandIn) -> Iterator[Aws]:
    """The verbs' clients, which all tests share, since their creation takes longer than a check."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in started.environ.items():
            patch.setenv(name, value)
        # Parsing the templates takes longer than a check, too.
        patch.setattr(parameters, "read_template", cache(read_template))
        yield Aws("us-east-1")


@pytest.fixture
def cloud(started: StandIn, api: Aws) -> StandIn:
    """An account with a network and a database, to which each test restores it."""
    account.add_network(started)
    account.add_database(started)
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "email-smtp"):
        account.add_endpoint(started, service, State="Deleted")
    return started


@pytest.fixture
def problems(cloud: StandIn, api: Aws) -> Problems:
    """Returns the problems of a stage with these tables, each as one line."""

    def ask(tables: str, **options: Any) -> list[str]:
        context = context_of(api, tables, **options)
        stage = PlannedStage(context, {stack: StackState(context.stack_name(stack)) for stack in STACKS})
        checks = (EXISTING_NETWORK_FIT, EXISTING_DATABASE_FIT, SNAPSHOT_FIT)
        answers = [answer for check in checks for answer in check.answers(stage)]
        return [str(answer) for answer in answers if answer.outlook is not Outlook.GOOD]

    return ask


def context_of(api: Aws, tables: str, *, target: str = "aws_lambda", **values: Any) -> Context:
    given = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = (
        f'project = "guestbook"\nregion = "us-east-1"\n[parameters]\n{given}'
        f'[stages.dev]\ntarget = "{target}"\n[stages.dev.parameters]\nDomain = "guestbook.example.com"\n'
        f'[stages.dev.parameters.load-balancer]\nCertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"\n'
        f"{tables}"
    )
    deployment = choose_deployment(parse_configuration(tomllib.loads(text), Path("/project")), None, None)
    source = find_templates(Path("/project"))
    consent = Consent(yes=True, dry_run=False)
    return Context(deployment, source, read_templates(deployment, source), api, Progress(), consent)
