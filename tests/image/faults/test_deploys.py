"""New versions replace old ones under load, each after a migration."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM

import psycopg
import pytest

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.faults.figures.trials import Trial
from tests.image.containers import container_environ, run_container
from tests.image.faults.parts.balancer import Balancer
from tests.image.faults.parts.serving import APPLICATION, MOUNT, serving

_REQUESTS = 10_000
# The old version keeps serving this long, while the balancer probes its readiness every 0.25 s, also on a machine that
# stands still for seconds.
_DRAIN = {"WEBAPP_DRAIN_S": "8"}


@pytest.fixture
def own_database_url(database_server, image: str, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a migrated database whose tables may change."""
    name = f"image_deploys_{secrets.token_hex(4)}"
    create_database(database_server, name)
    url = database_server.url(name)
    _migrate(image, url, tmp_path / "migrate.log", "guestbook")
    yield url
    drop_database(database_server, name)


@pytest.mark.fault(29, "rolling deploy", "aws_ecs", repetitions=3)
def test_no_request_fails_during_a_rolling_deploy(trial: Trial, image, own_database_url, tmp_path) -> None:
    url = own_database_url
    limits = {"failed": 0, "lost": 0, "exit_code": 0}
    with trial.judged(least={"requests": _REQUESTS, "served_by_new": 100}, **limits), ExitStack() as stack:
        balancer = Balancer()
        stack.callback(balancer.end)
        old = stack.enter_context(serving(image, url, tmp_path / "v0.log", variables=_DRAIN))
        balancer.add(old.url)
        balancer.start()
        balancer.wait_until_ready(old.url, is_ready=True)
        for number in trial.repetitions:
            _migrate(image, url, tmp_path / f"migrate{number}.log", "versions", f"{number + 1:04}")
            new = stack.enter_context(serving(image, url, tmp_path / f"v{number + 1}.log", variables=_DRAIN))
            balancer.add(new.url)
            balancer.wait_until_ready(new.url, is_ready=True)
            os.kill(old.pid, SIGTERM)
            balancer.wait_until_ready(old.url, is_ready=False)
            trial.note(exit_code=old.wait())
            balancer.remove(old.url)
            old = new
        while balancer.requests < _REQUESTS and not balancer.failed:
            time.sleep(0.05)
        balancer.end()
        trial.note(
            requests=balancer.requests,
            failed=len(balancer.failed),
            served_by_new=min(list(balancer.served.values())[1:]),
            lost=len(set(balancer.acknowledged) - _written(url)),
        )
        assert not balancer.failed, balancer.failed[:5]


def _migrate(image: str, url: str, log: Path, *arguments: str) -> None:
    with run_container(
        image,
        {**container_environ(url), **APPLICATION},
        arguments=["migrate", *arguments, "--verbosity", "0"],
        log=log,
        options=(MOUNT,),
    ) as migration:
        assert migration.wait() == 0, migration.logs()


def _written(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {key for (key,) in connection.execute("SELECT idempotency_key FROM guestbook_entry")}
