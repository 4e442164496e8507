"""8 workers at 200 posts/s: a limit on posts is exact, and a store that is killed in mid-load loses nothing."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import NamedTuple

import psycopg
import pytest

from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.integration.entrypoints.launcher import REQUIRED, container
from tests.integration.stores.conftest import TABLE
from tests.ministack import ACCESS_KEY, REGION, ministack_server
from tests.redis_server import redis_server

# 8 workers and 600 posts take half a minute on two cores.
pytestmark = [pytest.mark.profile_free, pytest.mark.weekly]

POSTS_PER_S, LOAD_S, ADDRESSES, LIMIT = 200, 3, 12, 20
# A busy machine refuses requests before they are counted.
OVERLOADED = {503}
# Redis writes each command to its disk before it answers.
KEPT = ("--appendonly", "yes", "--appendfsync", "always")
# This page of the admin needs a session and the user, and no static files, which tests do not collect.
SESSION_PAGE = "/admin/jsi18n/"
BODY = json.dumps({"author": "Ada", "message": "Hello"})


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of a database with the guestbook's tables."""
    with EmbeddedPostgres() as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE throttled")
        url = server.application_url("throttled")
        manage("migrate", "--verbosity", "0", DATABASE_URL=url)
        yield url


def manage(*arguments: str, **variables: str) -> str:
    """Run a management command of the guestbook, and return its output."""
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **REQUIRED, **variables}
    command = [sys.executable, "-m", "webapp", *arguments]
    return subprocess.run(command, env=environ, check=True, timeout=120, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture
def rows(postgres):
    """Return a function that reads the keys of the entries in the database, which begins empty."""

    def read() -> list[str]:
        with psycopg.connect(postgres) as connection:
            return [key for (key,) in connection.execute("SELECT idempotency_key FROM guestbook_entry")]

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("TRUNCATE guestbook_entry")
    return read


def store_variables(url: str) -> dict[str, str]:
    """Return the variables of a store, whose server may be an emulator on a busy machine, which answers late."""
    if url.startswith("redis:"):
        return {"WEBAPP_STORE_URL": url}
    return {
        "WEBAPP_STORE_URL": f"dynamodb://{TABLE}",
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_REGION": REGION,
        "WEBAPP_THROTTLE_TIMEOUT_MS": "10000",
        **ACCESS_KEY,
    }


def served(log: Path, database: str, store_url: str):
    return container(
        log,
        DATABASE_URL=database,
        # The window of this limit does not end during the test. The guestbook's own window may end.
        WEBAPP_THROTTLE=f"{LIMIT}/31d",
        WEBAPP_HTTPS="1",
        WEBAPP_WORKERS="8",
        WEBAPP_DB_POOL_MAX_SIZE="2",
        **store_variables(store_url),
    )


def forwarded(address: str) -> dict[str, str]:
    """Return the headers that the hop in front writes."""
    return {"Host": "guestbook.example", "X-Forwarded-For": address, "X-Forwarded-Proto": "https"}


def post(port: int, number: int) -> tuple[str, str, int]:
    """Post one entry from one of the addresses; return address, key and status."""
    address, key = f"198.51.100.{number % ADDRESSES}", f"post-{number}"
    headers = {
        **forwarded(address),
        "Content-Type": "application/json",
        "Idempotency-Key": key,
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


class PageAnswer(NamedTuple):
    """What a visitor gets for a page; `retry_after` and `cookies` are the texts of the headers."""

    status: int
    retry_after: str | None
    cookies: str | None


UNAVAILABLE = PageAnswer(503, "5", None)


def get(port: int, path: str, number: int, session: str | None = None) -> PageAnswer:
    """Get a page from an address of its own, which no limit refuses."""
    headers = {**forwarded(f"203.0.{number // 250}.{number % 250}"), "Accept": "text/html"}
    if session is not None:
        headers["Cookie"] = f"sessionid={session}"
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        return PageAnswer(response.status, response.headers["Retry-After"], response.headers["Set-Cookie"])


def log_in(database: str, store_url: str) -> str:
    """Create a member of the staff and a session in the store; return the session's key."""
    code = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.utils.module_loading import import_string
from django.conf import settings

get_user_model().objects.all().delete()
user = get_user_model().objects.create_superuser("root", password="no one enters it")
session = import_string(settings.SESSION_ENGINE + ".SessionStore")()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""
    variables = store_variables(store_url)
    # Django prints the imported models unless the verbosity is 0.
    return manage("shell", "--verbosity", "0", "--command", code, DATABASE_URL=database, **variables).strip()


def visits(port: int, session: str, ended: Event) -> list[PageAnswer]:
    """Use the admin until the load has ended; return all answers."""
    answers = []
    while not ended.wait(0.05):
        answers.append(get(port, SESSION_PAGE, len(answers), session))
    return answers


@contextmanager
def killable_store(place: str, directory: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a store that a test may kill; yield its URL and its process."""
    if place == "redis":
        # What is written survives the kill.
        with redis_server(directory, options=KEPT) as server:
            yield server.url, server.process
    else:
        with ministack_server(directory / "ministack.log") as server:
            manage("create_store_table", "--verbosity", "0", **store_variables(server.url))
            yield server.url, server.process


@pytest.mark.parametrize("place", ["redis", "dynamodb"])
def test_8_workers_accept_exactly_as_many_posts_as_the_limit(request, place, postgres, rows, tmp_path):
    server = request.getfixturevalue(place)

    with served(tmp_path / "log", postgres, server.url) as (_, port):
        answers = load(port)

    accepted = Counter(address for address, _, status in answers if status == 201)
    assert accepted == {f"198.51.100.{number}": LIMIT for number in range(ADDRESSES)}
    assert {status for _, _, status in answers} - OVERLOADED == {201, 429}
    assert len(rows()) == ADDRESSES * LIMIT


@pytest.mark.parametrize("place", ["redis", "dynamodb"])
def test_a_store_killed_in_mid_load_loses_no_accepted_post_and_no_session(place, postgres, rows, tmp_path):
    ended = Event()
    with killable_store(place, tmp_path) as (url, process), ThreadPoolExecutor(1) as visitor:
        session = log_in(postgres, url)
        with served(tmp_path / "log", postgres, url) as (_, port):
            assert get(port, SESSION_PAGE, 10_000, session) == PageAnswer(200, None, None)
            visiting = visitor.submit(visits, port, session, ended)
            try:
                answers = load(port, when_refused=process.kill)
            finally:
                ended.set()
            # Nothing is refused, since no process remembers a limit for longer than a second.
            time.sleep(1.1)
            afterwards = [post(port, 10_000 + number) for number in range(ADDRESSES * 3)]

            assert get(port, "/api/entries", 10_001) == PageAnswer(200, None, None)
            assert get(port, SESSION_PAGE, 10_002, session) == UNAVAILABLE
            if place == "redis":
                with redis_server(tmp_path, port=int(url.rpartition(":")[2]), options=KEPT):
                    assert_logged_in_again(port, session)

    assert {status for _, _, status in answers} - OVERLOADED == {201, 429}
    assert {status for _, _, status in afterwards} == {201}
    # Nobody is logged out: no answer redirects to the form of the log-in, or changes the cookie.
    assert {each.status for each in visiting.result()} <= {200, 503}
    assert {each.cookies for each in visiting.result()} == {None}
    assert all(each.retry_after for each in visiting.result() if each.status == 503)
    accepted = [key for _, key, status in (*answers, *afterwards) if status == 201]
    assert len(accepted) > ADDRESSES * LIMIT
    assert sorted(rows()) == sorted(accepted)


def assert_logged_in_again(port: int, session: str) -> None:
    """Assert that the same cookie opens the admin once each worker has asked the store again."""
    for number in range(600):
        answer = get(port, SESSION_PAGE, 20_000 + number, session)
        if answer != UNAVAILABLE:
            break
        time.sleep(0.1)
    assert answer == PageAnswer(200, None, None)
