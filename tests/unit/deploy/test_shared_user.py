"""The application of a stage has another user than its operations."""

from pathlib import Path

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context, open_context
from django_runtimes.deploy.steps.refusals.route_validation import validate_route
from tests.unit.deploy.test_service_logs import EXISTING

pytestmark = pytest.mark.profile_free


def context(folder: Path, system: str, user: str) -> Context:
    (folder / "webapp.toml").write_text(
        'project = "guestbook"\nregion = "us-east-1"\n\n[stages.dev]\ntarget = "aws_ecs_express"\n'
        f'{EXISTING}user = "{user}"\n[stages.dev.parameters]\nDatabaseSystem = "{system}"\nEgress = "nat"\n'
    )
    consent = Consent(yes=True, dry_run=False)
    return open_context(folder, stage="dev", target=None, consent=consent, progress=Progress())


@pytest.mark.parametrize(
    ("system", "user"),
    [("postgresql", "postgres"), ("mysql", "postgres"), ("oracle-se2", "POSTGRES"), ("sqlserver-web", "Postgres")],
)
def test_the_operations_user_is_refused_for_the_application(tmp_path: Path, system: str, user: str):
    expected = rf"\[stages\.dev\.database\] user = '{user}' is also operations_user, but the application needs"
    with pytest.raises(UsageError, match=expected):
        validate_route(context(tmp_path, system, user))


@pytest.mark.parametrize(("system", "user"), [("postgresql", "Postgres"), ("oracle-se2", "orders")])
def test_another_user_is_accepted(tmp_path: Path, system: str, user: str):
    validate_route(context(tmp_path, system, user))
