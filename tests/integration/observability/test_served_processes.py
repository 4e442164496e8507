"""The streams and formats of a serving process's log lines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from django_runtimes.cli.ports import free_port, wait_until_listening
from tests.integration.entrypoints.launcher import REQUIRED

pytestmark = pytest.mark.profile_free

LOGGED = {
    **REQUIRED,
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(__file__).parents[3]),
    "DJANGO_SETTINGS_MODULE": "tests.applications.logged.settings",
    "WEBAPP_BIND_HOST": "127.0.0.1",
    "WEBAPP_WORKERS": "1",
    "WEBAPP_ACCESS_LOG": "1",
    "WEBAPP_DB_POOL_TIMEOUT_S": "1",
}
NATIVE = {
    "LOGGED_MIDDLEWARE": "tests.applications.logged.middleware.BothModes "
    "django.contrib.sessions.middleware.SessionMiddleware"
}
PATIENT_POOL = {"WEBAPP_DB_POOL_TIMEOUT_S": "60"}


class Process:
    """A server, and the lines of its two streams once it has ended."""

    stdout: list[str]
    stderr: list[str]

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request(
                "GET", path, headers={"Host": "guestbook.example", "X-Forwarded-Proto": "https", **headers}
            )
            with connection.getresponse() as response:
                response.read()
                return response.status, response.headers["X-Request-ID"]

    @property
    def objects(self) -> list[dict]:
        return [json.loads(line) for line in self.stdout]


@contextmanager
def served(**variables: str) -> Iterator[Process]:
    port = free_port()
    command = [sys.executable, "-m", "django_runtimes.entrypoints.launch"]
    environ = LOGGED | {"PORT": str(port)} | variables
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as server:
        try:
            wait_until_listening(server, port, timeout_s=120)
            process = Process(port)
            yield process
        finally:
            server.terminate()
            stdout, stderr = server.communicate(timeout=90)
        process.stdout, process.stderr = stdout.splitlines(), stderr.splitlines()


def test_lines_go_to_standard_output():
    with served() as process:
        _, request_id = process.ask("/fail")

    lines = [(each["logger"], each["level"]) for each in process.objects if each.get("request_id") == request_id]
    assert lines == [("django.request", "ERROR"), ("django_runtimes.access", "INFO")]
    assert "uvicorn.error" in {each["logger"] for each in process.objects}
    assert "ValueError" not in str(process.stderr)


@pytest.fixture(scope="module")
def native() -> Process:
    """A server that has ended, in which every request took Django's native path."""
    with served(**NATIVE, WEBAPP_STORE_URL="memory://", WEBAPP_SESSIONS="store") as process:
        for path in ("reset", "areset", "nothing"):
            process.ask(f"/{path}/MQ-cx5k2a-SECRET")
            process.ask(f"/{path}/gr%C3%B6%C3%9Fe-SECRET")
            process.ask(f"/{path}/back%5Cslash%0A-SECRET")
        process.ask("/reserved")
        for cookie in ("SECRET cookie", "SECRET" * 50):
            process.ask("/account", Cookie=f"sessionid={cookie}")
    return process


def test_no_line_has_a_path_with_its_values(native):
    assert [each["message"] for each in native.objects if each["logger"] == "django.request"] == [
        *["Internal Server Error: /reset/<token>"] * 3,
        *["Not Found: /areset/<token>"] * 3,
        *["Not Found: (no route)"] * 3,
    ]
    assert "SECRET" not in str(native.stdout + native.stderr)


def test_a_cookie_that_is_no_session_is_in_no_line(native):
    accounts = [each["status"] for each in native.objects if each.get("route") == "/account"]
    assert accounts == [200, 200]
    assert "memcached" not in str(native.stdout + native.stderr)


def test_lines_of_the_start_go_to_standard_output(native):
    assert any("native path" in each["message"] for each in native.objects)
    assert not [line for line in native.stderr if line.startswith("{")]


def test_lines_of_uvicorn_have_no_codes_of_a_terminal(native):
    assert [each["message"] for each in native.objects if each["logger"] == "uvicorn.error"]
    assert not [each for each in native.objects if "color_message" in each]


def test_the_lines_own_fields_win_over_extra_ones(native):
    (line,) = [each for each in native.objects if each["message"] == "reserved"]
    assert (line["level"], line["logger"], line["colour"]) == ("WARNING", "shop", "red")
    assert line["time"].endswith("Z")


def test_an_outage_of_the_database():
    with served() as process:
        status, request_id = process.ask("/orders/7")

    warned, access = [each for each in process.objects if each.get("request_id") == request_id]
    assert (status, access["status"], access["route"]) == (503, 503, "/orders/<int:number>")
    assert (warned["level"], warned["request"]) == ("WARNING", "GET /orders/<int:number>")


def test_an_id_of_an_untrusted_peer_is_replaced():
    with served(WEBAPP_TRUSTED_PROXIES="192.0.2.0/24") as process:
        _, request_id = process.ask(
            "/id", **{"X-Request-ID": "forged", "X-Amzn-Trace-Id": "Root=1-67891233-" + "a" * 24}
        )

    assert request_id != "forged"
    (access,) = [each for each in process.objects if each["logger"] == "django_runtimes.access"]
    assert access["request_id"] == request_id
    assert "trace_id" not in access


def test_lines_for_people_under_local():
    with served(WEBAPP_RUNTIME="local", WEBAPP_ALLOWED_HOSTS="guestbook.example") as process:
        _, request_id = process.ask("/fail?token=hunter2")

    (failed,) = [line for line in process.stdout if " ERROR django.request: " in line]
    (access,) = [line for line in process.stdout if " django_runtimes.access: " in line]
    assert failed.endswith(f"Internal Server Error: /fail [{request_id}]")
    assert " INFO django_runtimes.access: GET /fail 500, in " in access
    assert access.endswith(f" ms, 0 queries in 0.00 ms, cold start [{request_id}]")
    assert "hunter2" not in str(process.stdout)


def test_a_projects_own_logging_keeps_its_stream_and_gets_the_ids():
    with served(LOGGED_OWN_LEVEL="WARNING") as process:
        _, request_id = process.ask("/fail")

    (failed,) = [json.loads(line) for line in process.stderr if line.startswith("{")]
    assert (failed["levelname"], failed["request_id"]) == ("ERROR", request_id)
    assert [each["request_id"] for each in process.objects] == [request_id]


def test_commands_write_no_log_line_to_standard_output():
    source = "import logging, django; django.setup(); logging.warning('said')"
    ended = subprocess.run(
        [sys.executable, "-c", source], env=LOGGED, capture_output=True, text=True, timeout=60, check=True
    )

    assert ended.stdout == ""
    assert json.loads(ended.stderr)["message"] == "said"


METRICS = {"WEBAPP_METRICS": "emf", "WEBAPP_STAGE": "shop-test"}


def metrics_of(line: dict) -> set[str]:
    return {metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_metrics_of_a_pool(database_server):
    url = database_server.url("postgres")
    with served(**METRICS, **PATIENT_POOL, DATABASE_URL=f"{url}{'&' if '?' in url else '?'}sslmode=disable") as process:
        process.ask("/orders/7")
        process.ask("/take")

    first, second = [line for line in process.objects if line["logger"] == "django_runtimes.access"]
    # The pool opens its connections in the background.
    assert metrics_of(first) - {"ConnectionsOpened"} == {"Requests", "Latency", "ColdStarts", "PoolWait", "PoolSize"}
    assert first["PoolWait"] < first["Latency"]
    # If a second has passed, the line has the pool's state again.
    assert metrics_of(second) - {"ConnectionsOpened", "PoolSize"} == {"Requests", "Latency"}
    assert (first["runtime"], first["stage"]) == ("aws_ecs", "shop-test")


def test_a_pool_without_a_database_times_out():
    with served(**METRICS) as process:
        process.ask("/orders/7")

    (line,) = [line for line in process.objects if line["logger"] == "django_runtimes.access"]
    assert (line["status"], line["ServerErrors"], line["PoolTimeouts"]) == (503, 1, 1)
    assert line["PoolWait"] >= 900
