"""Fault 15: under the Lambda profile, the application sends the proxy no statement that pins."""

import re
import secrets
import subprocess
import sys

import aiohttp
import pytest

from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.codebase.preparation import prepare_application
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.services.database_creation import create_database
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.pinning.rules import Statement, pinning_rules
from tests.guestbook import guestbook_workload
from tests.patience import wait_for_server

pytestmark = [pytest.mark.profile_free, pytest.mark.needs("pgbouncer")]

PASSWORD = secrets.token_urlsafe()


@pytest.fixture(scope="module")
def database(logging_server, tmp_path_factory) -> tuple[str, dict[str, str]]:
    """The name of a database with sample rows and a moderator, and the application's variables."""
    name, workspace = "sessions", tmp_path_factory.mktemp("sessions")
    create_database(logging_server, name)
    application = guestbook_workload().application
    environ = application_environ(application, database_url=logging_server.url(name), static_root=workspace / "static")
    prepare_application(application, environ, log=workspace / "prepare.log")
    subprocess.run(
        [sys.executable, "-m", "webapp", "createsuperuser", "--no-input", "--username=ada", "--email=ada@example.org"],
        env=environ | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return name, environ


async def use(target: LambdaTarget) -> None:
    """Read and write entries as a visitor, then open admin pages that use `iterator()` as a moderator."""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(target.url, headers=FORWARDED_HEADERS, cookie_jar=jar) as session:
        for number in range(10):
            await answer(session.get("/api/entries"))
            entry = {"author": "Ada", "message": f"message {number}"}
            await answer(session.post("/api/entries", json=entry, headers={"Idempotency-Key": str(number)}))
        login = await answer(session.get("/admin/login/"))
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await login.text())[1]
        form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
        cookie = {"Cookie": f"csrftoken={login.cookies['csrftoken'].value}", "Referer": "https://compare.localhost/"}
        welcome = await answer(session.post("/admin/login/?next=/", data=form, headers=cookie, allow_redirects=False))
        cookie = {"Cookie": f"sessionid={welcome.cookies['sessionid'].value}"}
        for _ in range(3):
            await answer(session.get("/admin/guestbook/entry/?q=message", headers=cookie))
            # QuerySet.iterator() fills this page's lists of permissions and groups.
            await answer(session.get("/admin/accounts/user/1/change/", headers=cookie))


async def answer(request) -> aiohttp.ClientResponse:
    response = await request
    await response.read()
    assert response.status in (200, 201, 302), await response.text()
    return response


async def statements_sent_by(target: str, logging_server, database, tmp_path, proxy=None) -> list[str]:
    name, environ = database
    before = len(logging_server.statements(name))
    environ = {**target_environ(TargetName.parse(target), environ, proxy), "WEBAPP_DB_CONNECT_TIMEOUT_S": "60"}
    async with LambdaTarget(
        Function("guestbook", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs")
    ) as served:
        await use(served)
    return logging_server.statements(name)[before:]


async def test_no_statement_that_reaches_the_server_pins(logging_server, database, tmp_path):
    with PgBouncer(logging_server) as proxy:
        wait_for_server(proxy)
        statements = await statements_sent_by("aws_lambda/per_request/proxy", logging_server, database, tmp_path, proxy)

    pinning = [text for text in statements if pinning_rules(Statement(text, len(text.encode())))]
    assert pinning == []
    assert logging_server.prepared_names(database[0]) == set()
    assert sum("guestbook_entry" in text for text in statements) > 30
    assert sum('FROM "auth_permission"' in text for text in statements) >= 3


async def test_the_same_pages_open_cursors_on_the_direct_route(logging_server, database, tmp_path):
    statements = await statements_sent_by("aws_lambda/per_request/direct", logging_server, database, tmp_path)

    assert any(text.startswith("DECLARE") and '"auth_permission"' in text for text in statements)
