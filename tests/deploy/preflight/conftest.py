"""Fixtures for the preflight's checks, which run in this process against one stand-in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.aws.stacks import StackState
from django_runtimes.deploy.catalogue import Stack
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.preflight.planned_stage import PlannedStage, look_at
from django_runtimes.deploy.preflight.preflight import preflight
from django_runtimes.deploy.preflight.preflight_answer import Outlook
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck
from django_runtimes.deploy.verbs.init import render_toml
from tests.deploy.standin.services.named_resources import CERTIFICATE
from tests.deploy.standin.standin import StandIn, standin

Answers = list[tuple[str, str, str]]

REGION = "us-east-1"
_EMPTY: dict[str, Any] = {
    "zones": None,
    "vpcs": {},
    "addresses": [],
    "quotas": {},
    "missing_types": [],
    "endpoint_zones": {},
    "dashboards": [],
    "resources": {},
    "forbidden": [],
    "identity": None,
    "certificates": None,
    "hosted_zones": None,
    "records": {},
    "least_acu": 0,
    "offers": {},
    "mail_identities": {},
    "mail_account": {},
}
_DOMAIN = {"Domain": "guestbook.example.com", "load-balancer": {"CertificateArn": CERTIFICATE}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shared_moto: str) -> Iterator[StandIn]:
    # A check gives up within a minute, so it cannot wait for the start of another moto.
    with standin(tmp_path_factory.mktemp("aws"), moto=shared_moto) as aws:
        yield aws


@pytest.fixture
def aws(running: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The module's AWS, without the faults and settings of the test before, and the account of this process."""
    for name, value in running.environ.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    running.clear()
    running.account(**_EMPTY)
    running.limit_executions(1000)
    return running


@pytest.fixture
def plan(aws: StandIn, tmp_path: Path) -> Callable[..., PlannedStage]:
    """Looks at a stage of a project with these parameters."""

    def look(
        *,
        target: str = "aws_lambda",
        region: str = REGION,
        dockerfile: str = "",
        stage: str = "dev",
        production: bool = False,
        account: str | None = None,
        tables: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> PlannedStage:
        (tmp_path / "Dockerfile").write_text(f"FROM scratch\n{dockerfile}\n")
        given = {**(_DOMAIN if target == "aws_ecs" else {}), **parameters}
        table = {"target": target, "production": production, "parameters": given}
        if account is not None:
            table["account"] = account
        table |= tables or {}
        content = {"project": "guestbook", "region": region, "stages": {stage: table}}
        (tmp_path / "webapp.toml").write_text(render_toml(content))
        consent = Consent(yes=True, dry_run=False)
        return look_at(open_context(tmp_path, stage=stage, target=None, consent=consent, progress=Progress()))

    return look


@pytest.fixture
def ask(plan: Callable[..., PlannedStage]) -> Callable[..., Answers]:
    """Asks one check about such a stage, and returns the outlook, text and remedy of each answer."""

    def run(check: PreflightCheck, **stage: Any) -> Answers:
        return shown(plan(**stage), check)

    return run


def deployed(
    stage: PlannedStage,
    *,
    of: Mapping[Stack, Mapping[str, str]],
    parameters: Mapping[Stack, Mapping[str, str]] | None = None,
) -> PlannedStage:
    """Return the stage as if these stacks existed, with these outputs and parameters."""
    states = {
        stack: StackState(
            stage.context.stack_name(stack), "id", "CREATE_COMPLETE", (parameters or {}).get(stack, {}), found
        )
        for stack, found in of.items()
    }
    return replace(stage, states={**stage.states, **states})


def shown(stage: PlannedStage, check: PreflightCheck) -> Answers:
    """Return the outlook, text and remedy of a check's answers about the stage."""
    return [(str(answer.outlook), answer.text, answer.remedy) for answer in preflight(stage, [check], timeout_s=60)]


def outlooks(answers: Answers) -> list[Outlook]:
    """Return what the answers mean for the deploy."""
    return [Outlook(answer[0]) for answer in answers]
