"""`webapp manage` is interrupted before the command ends."""

import signal

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import TIMEOUT_S, Project, create_registry, running, wait_until_held

pytestmark = [pytest.mark.profile_free, pytest.mark.verbs]


def test_an_interrupted_command_warns_against_running_it_again(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    create_registry(aws)
    # The deploy ends at the first command of the operations function, which has no database.
    project.run("deploy", "--image", aws.push("guestbook", "v1"), "--yes", exit_code=1)
    aws.hold("lambda:Invoke", "showmigrations", done=False)

    with running(project, "manage", "--", "showmigrations") as process:
        wait_until_held(aws, process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 130
    assert "running this again would start it a second time: `webapp logs --of operations`" in errors.splitlines()[-1]
