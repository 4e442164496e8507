"""Management commands wait for the operations function, run at most once and explain their failures."""

from collections.abc import Iterator

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.steps.stage_preparation import migrate
from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.standin_tests.small_stacks import LOG, REPOSITORY, apply, operations_function, template
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

# The real command exits with 75 if another process holds the lock for too long.
LOCKED_MIGRATE = """
import sys
from django_runtimes.operations.management.commands import migrate
class Command(migrate.Command):
    def handle(self, *args, **options):
        sys.exit(75)
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """An AWS with only an operations function; it has no database, and its `migrate` always finds the lock taken."""
    modules = tmp_path_factory.mktemp("modules")
    commands = modules / "locked/management/commands"
    commands.mkdir(parents=True)
    for package in (commands.parents[1], commands.parents[0], commands):
        (package / "__init__.py").touch()
    (commands / "migrate.py").write_text(LOCKED_MIGRATE)
    (modules / "locked_settings.py").write_text(
        "from webapp.settings import *\nINSTALLED_APPS = ['locked', *INSTALLED_APPS]\n"
    )
    with standin(tmp_path_factory.mktemp("aws")) as running:
        cloudformation = running.client("cloudformation")
        apply(cloudformation, "images", template({"Repository": REPOSITORY}))
        digest = running.push(
            "images", "v1", variables={"DJANGO_SETTINGS_MODULE": "locked_settings"}, python_path=modules
        )
        body = template(
            {
                "Log": LOG,
                "Function": operations_function(
                    f"123456789012.dkr.ecr.us-east-1.amazonaws.com/images@{digest}", "check,migrate"
                ),
            },
            outputs={"FunctionName": {"Value": {"Ref": "Function"}}},
        )
        apply(cloudformation, "guestbook-dev-operations", body)
        yield running


@pytest.fixture
def project(make_project, aws: StandIn) -> Iterator[Project]:
    yield make_project(aws.environ)
    aws.clear()


def test_a_command_waits_for_the_running_command(project: Project, aws: StandIn):
    aws.refuse("lambda:Invoke", "TooManyRequestsException", "Rate Exceeded.", status=429, times=1)

    ended = project.run("manage", "--", "check")

    assert "another command is running; waiting for it" in ended.stderr
    assert "System check identified" in ended.stdout


def test_a_command_that_may_have_run_is_not_retried(project: Project, aws: StandIn):
    aws.refuse("lambda:Invoke", "ServiceException", "Something went wrong.", status=500)
    asked = aws.calls().count("lambda:Invoke")

    message = project.error("manage", "--", "check")

    assert "Something went wrong" in message
    assert aws.calls().count("lambda:Invoke") == asked + 1


def test_the_error_for_locked_migrations_says_to_wait(project: Project, aws: StandIn, monkeypatch: pytest.MonkeyPatch):
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    consent = Consent(yes=True, dry_run=False)
    context = open_context(project.directory, stage="dev", target=None, consent=consent, progress=Progress())

    with pytest.raises(
        ToolError, match=r"`migrate` ended with exit code 75: .*; wait until the other migration has ended$"
    ):
        migrate(context)
