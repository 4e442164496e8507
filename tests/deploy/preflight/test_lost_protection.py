"""A deploy that ends the protection of production names what is lost, and asks."""

from dataclasses import replace
from io import StringIO

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.steps.refusals.lost_protection import confirm_lost_protection
from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import LOG, apply, template

pytestmark = pytest.mark.profile_free

ASKS, AGREES, LOOKS = Consent(yes=False, dry_run=False), Consent(yes=True, dry_run=False), Consent(False, dry_run=True)
LOST = (
    "[stages.shop] production = false: the database loses its deletion protection and the standby in the other zone, "
    "and AWS deletes its backups that are older than 7 days\n"
)


@pytest.fixture
def said() -> StringIO:
    """What the deploy prints."""
    return StringIO()


@pytest.fixture
def change(aws: StandIn, plan, said: StringIO):
    """Deploys a stage of production with another value of `production`."""
    client = aws.client("cloudformation")
    name = "guestbook-shop-database"
    if name not in {each["StackName"] for each in client.describe_stacks()["Stacks"]}:
        apply(client, name, template({"Log": LOG}, Parameters={"Production": {"Type": "String"}}), Production="yes")

    def run(consent: Consent, *, target: str = "aws_lambda", production: bool = False) -> None:
        stage = plan(stage="shop", target=target, production=production)
        confirm_lost_protection(replace(stage.context, consent=consent, progress=Progress(said)))

    return run


def test_consent_is_needed(change, said, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    with pytest.raises(UsageError, match=r"^End the protection of guestbook, shop\? Standard input is not a terminal"):
        change(ASKS)

    assert said.getvalue() == LOST


@pytest.mark.parametrize("consent", [AGREES, LOOKS])
def test_consent_in_advance_and_a_dry_run_only_name_it(consent: Consent, change, said):
    change(consent)

    assert said.getvalue() == LOST


def test_shells_in_tasks_are_named(change, said):
    change(AGREES, target="aws_ecs")

    assert said.getvalue() == f"{LOST}  With Exec = 'yes' shells can be opened in the tasks\n"


def test_a_stage_that_stays_production_is_not_asked(change, said):
    change(ASKS, production=True)

    assert said.getvalue() == ""


def test_the_named_losses_are_the_templates(plan):
    by_production = plan(stage="qa").context.templates[DATABASE.name].content["Mappings"]["ByProduction"]

    assert by_production == {
        "yes": {"BackupDays": 14, "Protected": True, "Standby": True},
        "no": {"BackupDays": 7, "Protected": False, "Standby": False},
    }
