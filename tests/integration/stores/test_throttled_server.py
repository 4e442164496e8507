"""A limit on posts to 8 workers at 200 posts/s, and with the store killed in the middle of the load."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.integration.entrypoints.launcher import REQUIRED, container
from tests.integration.stores.conftest import TABLE
from tests.ministack import ACCESS_KEY, REGION
from tests.redis_server import redis_server

# 8 workers and 600 posts take half a minute on two cores.
pytestmark = [pytest.mark.profile_free, pytest.mark.weekly]

POSTS_PER_S, LOAD_S, ADDRESSES, LIMIT = 200, 3, 12, 20
# A busy machine refuses requests before they are counted.
OVERLOADED = {503}
BODY = json.dumps({"author": "Ada", "message": "Hello"})


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of a database with the guestbook's tables."""
    with EmbeddedPostgres() as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE throttled")
        url = server.application_url("throttled")
        environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **REQUIRED}
        subprocess.run(
            [sys.executable, "-m", "webapp", "migrate", "--verbosity", "0"],
            env=environ | {"DATABASE_URL": url},
            check=True,
            timeout=120,
        )
        yield url


@pytest.fixture
def rows(postgres):
    """Return a function that reads the keys of the entries in the database, which begins empty."""

    def read() -> list[str]:
        with psycopg.connect(postgres) as connection:
            return [key for (key,) in connection.execute("SELECT idempotency_key FROM guestbook_entry")]

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("TRUNCATE guestbook_entry")
    return read


def served(log: Path, database: str, store: str, **variables: str):
    return container(
        log,
        DATABASE_URL=database,
        WEBAPP_STORE_URL=store,
        # The window of this limit does not end during the test. The guestbook's own window may end.
        WEBAPP_THROTTLE=f"{LIMIT}/31d",
        WEBAPP_HTTPS="1",
        WEBAPP_WORKERS="8",
        WEBAPP_DB_POOL_MAX="2",
        AWS_REGION=REGION,
        **ACCESS_KEY,
        **variables,
    )


def post(port: int, number: int) -> tuple[str, str, int]:
    """Post one entry from one of the addresses; return address, key and status."""
    address, key = f"198.51.100.{number % ADDRESSES}", f"post-{number}"
    headers = {
        "Host": "guestbook.example",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        # The hop in front writes these.
        "X-Forwarded-For": address,
        "X-Forwarded-Proto": "https",
    }
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/api/entries", BODY, headers)
        return address, key, connection.getresponse().status


def load(port: int, *, when_refused: Callable[[], None] = lambda: None) -> list[tuple[str, str, int]]:
    """Send 200 posts/s at fixed times, whether or not earlier ones are answered."""
    begin_s = time.monotonic()

    def send(number: int) -> tuple[str, str, int]:
        time.sleep(max(0.0, begin_s + number / POSTS_PER_S - time.monotonic()))
        answer = post(port, number)
        if answer[2] == 429:
            when_refused()
        return answer

    with ThreadPoolExecutor(64) as executor:
        return list(executor.map(send, range(POSTS_PER_S * LOAD_S)))


@pytest.mark.parametrize("place", ["redis", "dynamodb"])
def test_8_workers_accept_exactly_as_many_posts_as_the_limit(request, place, postgres, rows, tmp_path):
    server = request.getfixturevalue(place)
    url = server.url if place == "redis" else f"dynamodb://{TABLE}"

    # On a busy machine the emulator answers later than DynamoDB.
    variables = {"AWS_ENDPOINT_URL_DYNAMODB": server.url, "WEBAPP_THROTTLE_TIMEOUT_MS": "10000"}
    with served(tmp_path / "log", postgres, url, **variables) as (_, port):
        answers = load(port)

    accepted = Counter(address for address, _, status in answers if status == 201)
    assert accepted == {f"198.51.100.{number}": LIMIT for number in range(ADDRESSES)}
    assert {status for _, _, status in answers} - OVERLOADED == {201, 429}
    assert len(rows()) == ADDRESSES * LIMIT


def test_a_killed_store_opens_the_limit_and_loses_no_accepted_post(postgres, rows, tmp_path):
    with (
        redis_server(tmp_path) as server,
        served(tmp_path / "log", postgres, server.url) as (_, port),
    ):
        answers = load(port, when_refused=server.process.kill)
        # Nothing is refused, since no process remembers a limit for longer than a second.
        time.sleep(1.1)
        afterwards = [post(port, 10_000 + number) for number in range(ADDRESSES * 3)]

    assert {status for _, _, status in answers} - OVERLOADED == {201, 429}
    assert {status for _, _, status in afterwards} == {201}
    accepted = [key for _, key, status in (*answers, *afterwards) if status == 201]
    assert len(accepted) > ADDRESSES * LIMIT
    assert sorted(rows()) == sorted(accepted)
