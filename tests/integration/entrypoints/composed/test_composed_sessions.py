"""Other applications use Django's connections, and each of their requests gets a clean database session."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.request import urlopen

import aiohttp
import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.composed.test_composed import COMPOSED, ON_LAMBDA, PROJECT, ask
from tests.integration.entrypoints.launcher import PATIENT, container, patient_readiness

pytestmark = pytest.mark.profile_free

STRATEGIES = pytest.mark.parametrize("strategy", ["pool", "per_request", "persistent"])


def read(port, path):
    status, tenant = ask(port, "GET", f"/api/tenant/{path}")
    assert status == 200
    return tenant


def stream(port):
    with urlopen(f"http://127.0.0.1:{port}/api/numbers", timeout=60) as answer:
        return answer.read().decode().strip()


@STRATEGIES
def test_no_request_sees_the_session_settings_of_another(tmp_path, database_server, strategy):
    variables = {"DATABASE_URL": database_server.url("postgres"), "WEBAPP_DB_STRATEGY": strategy}
    with container(tmp_path / "log", **PROJECT | variables) as (_, port):
        for kind in ("", "a"):
            assert read(port, f"{kind}set") == "a"
            assert [read(port, f"{kind}read") for _ in range(3)] == [None] * 3


@STRATEGIES
def test_no_request_is_inside_the_transaction_of_another(tmp_path, database_server, strategy):
    variables = {"DATABASE_URL": database_server.url("postgres"), "WEBAPP_DB_STRATEGY": strategy}
    with container(tmp_path / "log", **PROJECT | variables) as (_, port), ThreadPoolExecutor() as clients:
        holding = clients.submit(read, port, "hold")
        assert read(port, "release") is None
        assert holding.result() == "a"


def test_requests_with_session_settings_do_not_exhaust_the_pool(tmp_path, database_server):
    variables = {
        "DATABASE_URL": database_server.url("postgres"),
        "WEBAPP_DB_STRATEGY": "pool",
        "WEBAPP_DB_POOL_MAX_SIZE": "2",
        "PYTHONPATH": f"{patient_readiness(tmp_path)}:{PROJECT['PYTHONPATH']}",
        "WEBAPP_DB_POOL_TIMEOUT_S": "60",
    }
    with container(tmp_path / "log", **PROJECT | variables) as (_, port), ThreadPoolExecutor(12) as clients:
        assert list(clients.map(partial(read, port), ["set"] * 12)) == ["a"] * 12
        assert ask(port, "GET", "/readyz")[0] == 200
        assert list(clients.map(partial(read, port), ["read"] * 12)) == [None] * 12


@STRATEGIES
def test_a_stream_reads_its_cursor_on_many_threads_beside_other_requests(tmp_path, database_server, strategy):
    variables = {
        "DATABASE_URL": database_server.url("postgres"),
        "WEBAPP_DB_STRATEGY": strategy,
        "WEBAPP_DB_POOL_MAX_SIZE": "8",
        "PYTHONPATH": f"{patient_readiness(tmp_path)}:{PROJECT['PYTHONPATH']}",
        "WEBAPP_DB_POOL_TIMEOUT_S": "60",
    }
    whole = " ".join(map(str, range(1, 301)))
    with container(tmp_path / "log", **PROJECT | variables) as (_, port), ThreadPoolExecutor(6) as clients:
        streams = [clients.submit(stream, port) for _ in range(16)]
        tenants = list(clients.map(partial(read, port), ["set", "read"] * 10))

        assert [each.result() for each in streams] == [whole] * 16
        assert tenants == ["a", None] * 10
        assert ask(port, "GET", "/readyz")[0] == 200


@STRATEGIES
async def test_no_invocation_sees_the_session_settings_of_another(tmp_path, database_server, strategy):
    environ = ON_LAMBDA | {
        "COMPOSED": f"{COMPOSED}.api.application",
        "DATABASE_URL": database_server.url("postgres"),
        "WEBAPP_DB_STRATEGY": strategy,
    }
    function = Function(
        "composed", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs", **PATIENT
    )
    headers = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
    answers = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=headers) as session:
        for path in ("set", "read", "read", "aset", "aread", "aread"):
            async with session.get(f"{target.url}/api/tenant/{path}") as answer:
                answers.append(await answer.json())

    assert answers == ["a", None, None, "a", None, None]
