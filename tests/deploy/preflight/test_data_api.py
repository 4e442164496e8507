"""The region must have the Data API, and clusters that pause, for the version that RDS would install."""

from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.preflight.checks.route_check import DATABASE_ROUTE
from django_runtimes.deploy.preflight.references.data_api_check import DATA_API
from django_runtimes.deploy.preflight.references.mail_check import MAIL
from django_runtimes.deploy.steps.refusals.trusted_regions import refuse_untrusted_region
from django_runtimes.deploy.verbs import manage
from tests.deploy.preflight.conftest import deployed, shown
from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import LOG, apply, template

pytestmark = pytest.mark.profile_free

OTHER = "set MajorVersion to another version, or choose another region, in webapp.toml"
RUNNING = {"Engine": "aurora", "MajorVersion": "17", "MinAcu": "0", "DataApi": "yes"}


def test_a_stage_on_another_route_is_not_asked_about(ask):
    assert ask(DATA_API) == []
    assert ask(DATA_API, Engine="aurora", MinAcu=2) == []


def test_a_version_with_the_data_api_passes(ask):
    assert ask(DATA_API, Route="data_api") == [
        ("good", "Aurora PostgreSQL 17.6 has the Data API, and pauses when idle", "")
    ]
    assert ask(DATA_API, Route="data_api", MinAcu=0.5) == [("good", "Aurora PostgreSQL 17.6 has the Data API", "")]


def test_a_region_without_the_data_api_fails(aws: StandIn, ask):
    aws.account(offers={"db.serverless": [{"EngineVersion": "17.6", "SupportsHttpEndpoint": False}]})
    expected = (
        "bad",
        "Aurora PostgreSQL 17.6 has no Data API in us-east-1",
        f"{OTHER}, or remove Route = 'data_api'",
    )

    assert ask(DATA_API, Route="data_api") == [expected]

    aws.account(offers={"db.serverless": [{"EngineVersion": "17.5"}]})
    assert ask(DATA_API, Route="data_api") == [expected]


def test_a_version_that_does_not_pause_fails(aws: StandIn, ask):
    aws.account(least_acu=0.5)

    assert ask(DATA_API, Route="data_api", MajorVersion=16) == [
        (
            "bad",
            "Aurora PostgreSQL 16.10 does not pause in us-east-1",
            f"{OTHER}, or MinAcu to 0.5 (43.80 USD per month)",
        )
    ]
    assert [each[0] for each in ask(DATA_API, Route="data_api", MinAcu=0.5)] == ["good"]


def test_a_running_cluster_is_not_asked_about_again(aws: StandIn, plan):
    aws.account(least_acu=0.5)

    def cluster(**running: str) -> list[tuple[str, str, str]]:
        stage = plan(Route="data_api")
        return shown(deployed(stage, of={DATABASE: {}}, parameters={DATABASE: RUNNING | running}), DATA_API)

    assert cluster() == []
    assert [each[0] for each in cluster(MinAcu="0.5")] == ["bad"]


def test_functions_outside_the_network_reach_the_mail_service(aws: StandIn, ask):
    aws.account(mail_identities={"example.com": "SUCCESS"})

    assert ask(MAIL, Route="data_api", MailIdentity="example.com") == [("good", "SES sends mail of example.com", "")]


NO_ROOT = "the library has no root certificate of RDS for the region il-central-1, so "
OF_TASK = f"{NO_ROOT}a task there could not verify the database; run the command without a task, on the Data API, or"


def test_calls_of_the_data_api_need_no_root_certificate_of_rds(plan):
    task = {"schedules": {"report": {"command": "report", "rate": "1 day", "task": True}}}

    refuse_untrusted_region(plan(region="il-central-1", Route="data_api").context)
    with pytest.raises(UsageError, match=f"{NO_ROOT}no login there could verify"):
        refuse_untrusted_region(plan(region="il-central-1").context)
    with pytest.raises(UsageError, match=OF_TASK):
        refuse_untrusted_region(plan(region="il-central-1", Route="data_api", tables=task).context)


def test_a_task_that_could_not_verify_the_database_is_not_started(aws: StandIn, plan, monkeypatch, tmp_path, capsys):
    apply(
        aws.client("cloudformation", region="il-central-1"),
        "guestbook-dev-operations",
        template(
            {"Log": LOG},
            Parameters={"ImageUri": {"Type": "String"}},
            Outputs={"FunctionName": {"Value": "guestbook-dev-operations"}},
        ),
        ImageUri="guestbook@sha256:1",
    )
    plan(region="il-central-1", Route="data_api")
    monkeypatch.chdir(tmp_path)
    # This process keeps its signal handlers.
    monkeypatch.setattr("django_runtimes.deploy.verb.interrupt_unless_ignored", lambda: None)
    calls = len(aws.calls())

    assert manage.main(["--task", "--yes", "--", "check"]) == 2

    assert capsys.readouterr().err.splitlines()[-1].startswith(f"webapp manage: {OF_TASK}")
    assert "cloudformation:CreateChangeSet" not in aws.calls()[calls:]


def test_doctor_says_what_the_route_gives_up(ask):
    answers = ask(DATABASE_ROUTE, Route="data_api", PauseAfterS=600)

    assert {(outlook, remedy) for outlook, _, remedy in answers} == {("good", "")}
    texts = [text.removeprefix("Route = 'data_api': ") for _, text, _ in answers]
    assert [text.partition(",")[0].partition(";")[0] for text in texts] == [
        "each statement is a call of the Data API",
        "a statement ends after 45 s and a transaction after 3 idle minutes",
        "the service keeps no session: no LISTEN",
        "the logins are secrets that nothing rotates",
        "the cluster pauses after 600 s without calls",
    ]


def test_a_cluster_that_stays_awake_makes_no_request_wait(ask):
    assert len(ask(DATABASE_ROUTE, Route="data_api", MinAcu=0.5)) == 4


def test_a_stage_on_another_route_gives_nothing_up(ask):
    assert ask(DATABASE_ROUTE, Engine="aurora") == []


def test_the_figures_are_those_of_the_documentation(ask):
    page = (Path(__file__).parents[3] / "docs" / "database.md").read_text()
    section = page.partition("## The Data API")[2].partition("\n## ")[0]
    told = " ".join(text for _, text, _ in ask(DATABASE_ROUTE, Route="data_api"))

    figures = {"17 ms", "45 s", "64 KB", "4 MiB", "1 MiB", "10 to 30 s", "43.80 USD", "0.35 USD"}
    assert {figure for figure in figures if figure in told} == figures
    assert {figure for figure in figures if figure in section} == figures
