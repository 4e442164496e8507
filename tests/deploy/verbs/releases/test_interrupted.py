"""An interrupted verb says that it was interrupted, and how to continue."""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.verbs.conftest import Project, create_registry

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """An AWS whose stacks take longer than any test runs."""
    with standin(tmp_path_factory.mktemp("aws")) as running:
        create_registry(running)
        running.slow(600)
        yield running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_verb_says_how_to_continue(number: signal.Signals, make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    image = aws.push("guestbook", number.name)

    ended = project.signal_at(number, "guestbook-dev-monitoring", "deploy", "--json", "--image", image, "--yes")

    assert ended.returncode == 130, ended.stderr
    assert "interrupted; AWS finishes the operation in progress" in json.loads(ended.stdout)["error"]
    assert "interrupted; AWS finishes the operation in progress" in ended.stderr.splitlines()[-1]
