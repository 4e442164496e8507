"""A management command that is not waited for to its end."""

import signal

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import TIMEOUT_S, Project, make_registry, running, wait_until_held

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]


def test_an_interrupted_command_is_not_said_to_go_on_when_it_is_run_again(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    make_registry(aws)
    # ResourceResult as far as the operations, whose first command has no database.
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    aws.hold("lambda:Invoke", "showmigrations", done=False)

    with running(project, "manage", "--", "showmigrations") as process:
        wait_until_held(aws, process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 130
    assert "the same again would run it a second time: `webapp logs --of operations`" in errors.splitlines()[-1]
