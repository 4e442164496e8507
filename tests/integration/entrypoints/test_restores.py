"""What environments share that the emulator restores from one snapshot, without the library's hooks and with them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import psycopg
import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.invocation import InitFailed
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED
from tests.integration.entrypoints.test_aws_lambda import load_event
from tests.secrets_manager import SecretsManager, secrets_manager

pytestmark = pytest.mark.profile_free

SETTINGS = """
import os
API_KEY = os.environ["API_KEY"]
SECRET_KEY = os.environ["SIGNING_KEY"]
INSTALLED_APPS = ["django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ROOT_URLCONF = "shop.urls"
from django_runtimes import configure
configure(globals())
"""
FUNCTION = """
import os, random, secrets, tempfile, time, uuid
import psycopg
import snapshot_restore_py
import django_runtimes
from django_runtimes import get_lambda_handler
from django_runtimes.aws import container_role
container_role._PATIENCE = container_role._PATIENCE._replace(connect_s=60, read_s=60)
web = get_lambda_handler()
from django.conf import settings
from django.contrib.sessions.backends.cache import SessionStore
from django.core.cache import cache
from django.core.signing import Signer
from django.db import connection
from django_runtimes.aws.aws_credentials import PROCESS_CREDENTIALS

connection.ensure_connection()
own = psycopg.connect(os.environ["OWN_DATABASE"], application_name=os.environ["OWN_NAME"], autocommit=True)
cache.set("visitor", "of the snapshot")
tempfile.gettempdir(); tempfile._get_candidate_names(); uuid.getnode()
PROCESS_CREDENTIALS.access_key()

@django_runtimes.before_snapshot
def close_own():
    own.close()

@django_runtimes.after_restore
def open_own():
    global own
    if os.path.exists(os.environ["FAILURE"]):
        raise OSError("the search server does not answer")
    own = psycopg.connect(os.environ["OWN_DATABASE"], application_name=os.environ["OWN_NAME"], autocommit=True)

if os.environ["HOOKS"] == "off":
    snapshot_restore_py._before_snapshot_registry.clear()
    snapshot_restore_py._after_restore_registry.clear()

def handler(event, context):
    if "creates" in event:
        open(event["creates"], "w").close()
    while "awaits" in event and not os.path.exists(event["awaits"]):
        time.sleep(0.01)
    found = values()
    if "ends_with" in event:
        open(event["ends_with"], "w").close()
    return found

def values():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        own_backend = own.execute("SELECT pg_backend_pid()").fetchone()[0]
    except psycopg.OperationalError:
        own_backend = "lost"
    shuffled = list(range(50))
    random.shuffle(shuffled)
    return {
        "drawn": random.random(), "shuffled": shuffled, "node": uuid.getnode(),
        "message": uuid.uuid1().hex[16:], "file": next(tempfile._get_candidate_names()),
        "session": SessionStore()._get_new_session_key(), "token": secrets.token_hex(8),
        "variable": os.environ["API_KEY"], "setting": settings.API_KEY, "signed": Signer(salt="s").sign("a"),
        "backend": backend, "own_backend": own_backend, "cached": cache.get("visitor"),
        "aws_key": PROCESS_CREDENTIALS.access_key().key_id, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "trace": os.environ.get("_X_AMZN_TRACE_ID"), "pid": os.getpid(),
    }
"""
# What must differ between two environments.
UNIQUE = ("drawn", "shuffled", "node", "session", "token", "backend", "own_backend", "trace")


class Keys(BaseHTTPRequestHandler):
    """An endpoint that gives the current key of a role, which AWS replaces within a day."""

    current = "AKIDOFTHEFIRSTDAY"

    def do_GET(self) -> None:
        fields = {
            "AccessKeyId": Keys.current,
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        body = json.dumps(fields).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Write no log."""


class Shop(NamedTuple):
    """The function with its secrets and its database."""

    folder: Path
    secrets: SecretsManager
    api_key: str
    signing_key: str
    database_url: str
    keys_url: str

    def function(self, hooks: str, **more: str) -> Function:
        references = {"API_KEY": self.api_key, "SIGNING_KEY": self.signing_key}
        environ = {
            **{name: value for name, value in REQUIRED.items() if name != "WEBAPP_SECRET_KEY"},
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.secrets.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"],
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.keys_url,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(self.folder),
            "DATABASE_URL": self.database_url,
            "OWN_DATABASE": self.database_url,
            "OWN_NAME": f"own-{hooks}",
            "FAILURE": str(self.folder / "failure"),
            "HOOKS": hooks,
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_DB_ROUTE": "direct",
            "WEBAPP_DB_STRATEGY": "persistent",
            "WEBAPP_SECRETS": json.dumps(references),
            "WEBAPP_SNAPSHOT_PATHS": "/healthz",
            **more,
        }
        return Function(
            "shop",
            "shop.function.handler",
            environ,
            self.folder / "logs",
            snap_start=True,
            **PATIENT,
        )

    def age(self, hooks: str) -> None:
        """Let a day pass: the secrets and the key of the role are replaced, and the server closes old connections."""
        self.secrets.replace(self.api_key, "the second API key")
        self.secrets.replace(self.signing_key, "second-" + "0123456789" * 5)
        Keys.current = "AKIDOFTHESECONDDAY"
        with psycopg.connect(self.database_url, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = %s",
                (f"own-{hooks}",),
            )


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SecretsManager]:
    with secrets_manager(tmp_path_factory.mktemp("moto") / "moto.log") as found:
        yield found


@pytest.fixture
def shop(server: SecretsManager, database_server, tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "shop").mkdir()
    files = {"__init__": "", "settings": SETTINGS, "urls": "urlpatterns = []\n", "function": FUNCTION}
    for name, source in files.items():
        (tmp_path / "shop" / f"{name}.py").write_text(source)
    Keys.current = "AKIDOFTHEFIRSTDAY"
    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Thread(target=endpoint.serve_forever, daemon=True).start()
    yield Shop(
        tmp_path,
        server,
        server.store("the first API key"),
        server.store("first-" + "0123456789" * 5),
        database_server.url("postgres"),
        f"http://127.0.0.1:{endpoint.server_port}/",
    )
    endpoint.shutdown()
    endpoint.server_close()


async def two_environments(shop: Shop, hooks: str, **more: str) -> list[dict[str, Any]]:
    """Take a snapshot, let a day pass, restore two environments, and return what each of them has."""
    begun, done = (str(shop.folder / name) for name in ("begun", "done"))
    # Two processes on one socket must not use it at the same time: the first waits until the second has begun, and the
    # second until the first has used it.
    events = ({"awaits": begun, "ends_with": done}, {"creates": begun, "awaits": done})
    async with LambdaEmulator(shop.function(hooks, **more)) as emulator:
        shop.age(hooks)
        await emulator.warm(2)
        answers = await asyncio.gather(*(emulator.invoke(json.dumps(event).encode()) for event in events))
    return [json.loads(answer.payload) for answer in answers]


async def test_restored_environments_share_their_state_without_the_hooks(shop: Shop):
    first, second = await two_environments(shop, "off")

    assert first["pid"] != second["pid"]
    shared = {name for name in UNIQUE if first[name] == second[name]}
    # The kernel's random numbers and the trace differ in any case, and tempfile looks at the process's id.
    assert shared == {"drawn", "shuffled", "node", "backend", "own_backend"}
    assert (first["variable"], first["setting"], first["aws_key"], first["own_backend"], first["cached"]) == (
        "the first API key",
        "the first API key",
        "AKIDOFTHEFIRSTDAY",
        "lost",
        "of the snapshot",
    )


async def test_restored_environments_share_nothing_with_the_hooks(shop: Shop):
    first, second = await two_environments(shop, "on")

    assert {name for name in (*UNIQUE, "message", "file") if first[name] == second[name]} == set()
    for found in (first, second):
        assert (found["variable"], found["setting"]) == ("the second API key", "the second API key")
        assert (found["aws_key"], found["cached"], found["type"]) == ("AKIDOFTHESECONDDAY", None, "snap-start")
        assert isinstance(found["own_backend"], int)
    # Both sign with the current SECRET_KEY.
    assert first["signed"] == second["signed"] == signed_by("second-" + "0123456789" * 5)
    log = "".join(path.read_text() for path in (shop.folder / "logs").iterdir())
    assert "API_KEY, SIGNING_KEY changed in AWS since the snapshot; the settings API_KEY, SECRET_KEY have" in log
    assert [secret for secret in ("the first API key", "the second API key", "0123456789" * 5) if secret in log] == []


def signed_by(key: str) -> str:
    from django.core.signing import Signer

    return Signer(key=key, salt="s").sign("a")


async def test_a_hook_that_fails_after_a_restore_fails_it(shop: Shop):
    async with LambdaEmulator(shop.function("on")) as emulator:
        (shop.folder / "failure").touch()
        with pytest.raises(InitFailed, match="OSError: the search server does not answer"):
            await emulator.invoke(b"{}")
        (shop.folder / "failure").unlink()
        answer = json.loads((await emulator.invoke(b"{}")).payload)

    assert answer["setting"] == "the first API key"


async def test_a_secret_that_cannot_be_read_fails_the_restore(shop: Shop):
    async with LambdaEmulator(shop.function("on")) as emulator:
        shop.secrets.delete(shop.api_key)
        with pytest.raises(InitFailed, match=f"ConfigurationError: the secret {shop.api_key} cannot be read"):
            await emulator.invoke(b"{}")


async def test_the_first_request_after_a_restore_is_a_cold_start(shop: Shop):
    function = shop.function("on", WEBAPP_ACCESS_LOG="1", WEBAPP_SNAPSHOT_PATHS="/nowhere")
    event = json.dumps(load_event("http_api_v2")).encode()
    async with LambdaEmulator(replace(function, handler="shop.function.web")) as emulator:
        for _ in range(2):
            await emulator.invoke(event)
        [log] = emulator.logs
        lines = [json.loads(line) for line in log.read_text().splitlines() if '"cold_start"' in line]

    assert [line["cold_start"] for line in lines] == [True, False]
    # The pages that warmed the process up have no line.
    assert "cold_start" not in (shop.folder / "logs" / "snapshot.log").read_text()


async def test_the_loop_of_awslambdaric_is_refused(shop: Shop):
    with pytest.raises(
        CompareError, match="cannot be taken: WEBAPP_LAMBDA_LOOP='awslambdaric' cannot be restored here"
    ):
        async with LambdaEmulator(shop.function("on", WEBAPP_LAMBDA_LOOP="awslambdaric")):
            pass


async def test_a_function_that_ends_before_its_snapshot(shop: Shop):
    (shop.folder / "shop" / "function.py").write_text("raise LookupError('no module of ours')\n")

    with pytest.raises(CompareError) as error:
        async with LambdaEmulator(shop.function("on")):
            pass

    assert str(error.value) == ("the snapshot of function 'shop' cannot be taken: LookupError: no module of ours")


@pytest.mark.weekly
async def test_a_thousand_restored_environments_share_nothing(shop: Shop):
    found: list[dict[str, Any]] = []
    async with LambdaEmulator(shop.function("on")) as emulator:
        while len(found) < 1_000:
            await emulator.warm(20)
            answers = await asyncio.gather(*(emulator.invoke(b"{}") for _ in range(20)))
            found += [json.loads(answer.payload) for answer in answers]
            await emulator.retire_all()

    for name in ("drawn", "shuffled", "node", "message", "file", "session", "token"):
        assert len({str(each[name]) for each in found}) == 1_000, name
