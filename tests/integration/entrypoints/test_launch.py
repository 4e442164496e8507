"""The server that the image's entry point starts, and its errors."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing

import pytest

from django_runtimes.cli.ports import accepts_connections
from django_runtimes.config.environment import Environment
from django_runtimes.entrypoints.launch import server_arguments
from tests.integration.entrypoints.launcher import ENDLESS, REQUIRED, connect, container

pytestmark = pytest.mark.profile_free


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"WEBAPP_RUNTIME": "heroku"}, "WEBAPP_RUNTIME='heroku' is not a runtime; choose one of:"),
        ({"PORT": "http"}, "PORT='http' is not a whole number from 1 to 65535"),
        ({"WEBAPP_MAX_BODY_BYTES": "0"}, "WEBAPP_MAX_BODY_BYTES='0' is not a whole number from 1 to 2147483648"),
        (
            {"WEBAPP_MAX_WEBSOCKET_MESSAGE_BYTES": "1 MiB"},
            "WEBAPP_MAX_WEBSOCKET_MESSAGE_BYTES='1 MiB' is not a whole number from 1 to 134217728",
        ),
        ({"WEBAPP_DB_STRATEGY": "puddle"}, "WEBAPP_DB_STRATEGY='puddle' is not a connection strategy"),
        ({"WEBAPP_BIND_HOST": "nowhere.invalid"}, "WEBAPP_BIND_HOST='nowhere.invalid' is not an address of this"),
        ({"WEBAPP_BIND_HOST": "192.0.2.1"}, "WEBAPP_BIND_HOST='192.0.2.1' is not an address of this"),
        ({"DJANGO_SETTINGS_MODULE": "nope.settings"}, "DJANGO_SETTINGS_MODULE='nope.settings' cannot be imported"),
        ({"DJANGO_SETTINGS_MODULE": "webapp.nope"}, "DJANGO_SETTINGS_MODULE='webapp.nope' cannot be imported"),
    ],
)
def test_an_invalid_launch_is_reported_in_one_line_and_exits_78(variables, complaint):
    launched = run("django_runtimes.entrypoints.launch", **REQUIRED | variables)

    assert launched.returncode == 78
    assert launched.stderr.startswith(f"webapp: {complaint}")
    assert len(launched.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [("webapp", "check"), ("django_runtimes.entrypoints.launch",), ("django_runtimes.entrypoints.launch", "migrate")],
    ids=" ".join,
)
@pytest.mark.parametrize("missing", ["WEBAPP_SECRET_KEY", "WEBAPP_ALLOWED_HOSTS", "DATABASE_URL"])
def test_a_missing_setting_is_named_in_one_line(missing, command):
    variables = {name: value for name, value in REQUIRED.items() if name != missing}

    started = run(*command, **variables)

    assert started.returncode == 78
    assert missing in started.stderr
    assert len(started.stderr.splitlines()) == 1


def test_a_missing_import_in_the_settings_shows_a_traceback(tmp_path):
    (tmp_path / "lacking.py").write_text("import nowhere_to_be_found\n")

    variables = REQUIRED | {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "lacking"}
    launched = run("django_runtimes.entrypoints.launch", **variables)

    assert launched.returncode == 1
    assert 'lacking.py", line 1' in launched.stderr
    assert "No module named 'nowhere_to_be_found'" in launched.stderr


def test_a_missing_database_is_also_reported_under_local():
    launched = run("django_runtimes.entrypoints.launch", WEBAPP_BIND_HOST="0.0.0.0")

    assert launched.returncode == 78
    assert launched.stderr.startswith("webapp: no database is configured; set DATABASE_URL")
    assert len(launched.stderr.splitlines()) == 1


# The settings module sends the signal: the process has started, but does not serve yet.
@pytest.mark.parametrize("command", [(), ("check",)], ids=["server", "command"])
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_serving_exits_quietly(tmp_path, number, exit_code, command):
    settings = f"import os, signal, time\nos.kill(os.getpid(), signal.{number.name})\ntime.sleep(9)\n"
    (tmp_path / "signalling.py").write_text(settings)

    launched = run(
        *("django_runtimes.entrypoints.launch", *command),
        **REQUIRED,
        PYTHONPATH=str(tmp_path),
        DJANGO_SETTINGS_MODULE="signalling",
    )

    assert (launched.returncode, launched.stderr) == (exit_code, "")


def test_a_function_without_its_proxy_does_not_start():
    launched = run(
        "django_runtimes.entrypoints.launch",
        **REQUIRED | {"WEBAPP_RUNTIME": "aws_lambda"},
        AWS_LAMBDA_FUNCTION_NAME="guestbook",
    )

    assert launched.returncode == 78
    assert launched.stderr.startswith("webapp: WEBAPP_DB_PROXY_HOST is not set")
    assert len(launched.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"WEBAPP_ALLOWED_COMMANDS": "migrate"}, "WEBAPP_ALLOWED_COMMANDS='migrate' lets events run commands"),
        ({"WEBAPP_DB_ROLE": "operations"}, "WEBAPP_DB_ROLE=operations lets a Lambda function run only commands"),
        ({"WEBAPP_LAMBDA_LOOP": "other"}, "WEBAPP_LAMBDA_LOOP='other' is not a loop; choose one of: awslambdaric, own"),
        (
            {"WEBAPP_STREAM_FRONT": "function_url", "WEBAPP_LAMBDA_LOOP": "awslambdaric"},
            "WEBAPP_STREAM_FRONT='function_url' needs WEBAPP_LAMBDA_LOOP=own",
        ),
    ],
)
def test_a_function_with_wrong_variables_is_refused(variables, complaint):
    on_lambda = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "127.0.0.1"}

    launched = run("django_runtimes.entrypoints.launch", **REQUIRED | on_lambda | variables)

    assert launched.returncode == 78
    assert launched.stderr.startswith(f"webapp: {complaint}")
    assert len(launched.stderr.splitlines()) == 1


def test_a_function_outside_lambda_ends_with_one_line():
    on_lambda = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_PROXY_HOST": "127.0.0.1"}

    launched = run("django_runtimes.entrypoints.launch", **REQUIRED | on_lambda)

    assert launched.returncode == 78
    assert launched.stderr.splitlines()[-1].startswith("webapp: AWS_LAMBDA_RUNTIME_API is not set; Lambda sets it")
    assert "Traceback" not in launched.stderr


@pytest.mark.parametrize("runtime", ["aws_app_runner", "aws_ecs", "aws_lambda", "kubernetes"])
def test_every_deployed_runtime_passes_djangos_deployment_check(runtime):
    checked = run("webapp", "check", "--deploy", "--fail-level", "WARNING",
                  **REQUIRED | {"WEBAPP_RUNTIME": runtime, "WEBAPP_DB_PROXY_HOST": "127.0.0.1"})  # fmt: skip

    assert checked.returncode == 0, checked.stderr


def test_debug_is_refused_outside_local():
    checked = run("webapp", "check", **REQUIRED, WEBAPP_DEBUG="1")

    assert checked.returncode == 78
    assert "WEBAPP_DEBUG=1 exposes the application's internals" in checked.stderr


def test_a_misspelt_variable_gets_a_warning():
    checked = run("webapp", "check", **REQUIRED, WEBAPP_DB_ROUT="direct")

    assert "webapp.W001" in checked.stderr
    assert "Did you mean WEBAPP_DB_ROUTE?" in checked.stderr


def test_keep_alive_is_longer_than_a_load_balancers_idle_timeout():
    arguments = server_arguments(Environment({"PORT": "9000"}), bind_host="0.0.0.0", cpu_count=2)

    assert int(arguments[arguments.index("--keep-alive") + 1]) > 60
    assert int(arguments[arguments.index("--graceful-timeout") + 1]) < 30
    assert arguments[arguments.index("--bind") + 1] == "0.0.0.0:9000"
    assert arguments[arguments.index("--workers") + 1] == "2"


@pytest.mark.parametrize(("workers", "is_replaced"), [("1", False), ("2", True)])
def test_a_single_worker_is_not_replaced(workers, is_replaced):
    arguments = server_arguments(Environment({"WEBAPP_WORKERS": workers}), bind_host="0.0.0.0", cpu_count=2)

    assert ("--max-requests" in arguments) is is_replaced


@pytest.mark.parametrize("written", ["::1", "[::1]"])
def test_an_ipv6_address_is_bound_in_brackets(written):
    arguments = server_arguments(Environment({"PORT": "9000"}), bind_host=written, cpu_count=2)

    assert arguments[arguments.index("--bind") + 1] == "[::1]:9000"


def test_a_container_logs_its_runtime_and_exits_on_sigterm(tmp_path):
    log = tmp_path / "server.log"
    with container(log) as (server, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as response:
            assert response.status == 200
        with pytest.raises(urllib.error.HTTPError) as unavailable:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60)
        assert unavailable.value.code == 503
        answer = unavailable.value.read()
        server.send_signal(signal.SIGTERM)
        assert server.wait(90) == 0

    assert b'"status": "unavailable"' in answer
    assert b"hunter2" not in answer
    written = log.read_text()
    assert "Serving as aws_ecs (WEBAPP_RUNTIME=aws_ecs), connections pool on the direct route" in written
    assert "hunter2" not in written


def test_a_container_refuses_bodies_above_its_limit(tmp_path):
    with container(tmp_path / "server.log", WEBAPP_MAX_BODY_BYTES="1000") as (_, port):
        statuses = []
        for size in (1000, 1001):
            with closing(connect(port)) as client:
                client.request("POST", "/", body=b"x" * size, headers={"Host": "guestbook.example"})
                statuses.append(client.getresponse().status)

    # Over plain HTTP the first response is a redirect.
    assert statuses == [301, 413]


def readiness(port: int) -> tuple[str, str | None]:
    """Return the reason why the server is not ready, and its Connection header."""
    with closing(connect(port)) as client:
        client.request("GET", "/readyz")
        response = client.getresponse()
        return json.loads(response.read())["reason"], response.headers["Connection"]


def test_draining_precedes_closing_and_requests_finish(tmp_path):
    log = tmp_path / "server.log"
    # All requests to the draining server come within this time, also from a machine that stands still.
    draining = {"WEBAPP_WORKERS": "1", "WEBAPP_DRAIN_S": "10", "WEBAPP_GRACEFUL_TIMEOUT_S": "90"}
    with container(log, **draining) as (server, port), ExitStack() as clients:
        waiting, running, late = (clients.enter_context(closing(connect(port))) for _ in range(3))
        waiting.request("GET", "/healthz")
        response = waiting.getresponse()
        assert response.read()
        assert response.headers["Connection"] is None
        # Over plain HTTP the response is a redirect, which needs no database.
        running.putrequest("POST", "/", skip_host=True)
        running.putheader("Host", "guestbook.example")
        running.putheader("Content-Length", "8")
        running.endheaders(b"half")
        assert readiness(port)[0] != "DrainingError"

        server.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 90
        while readiness(port) != ("DrainingError", "close"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # The listener and the connections are still open: each response says `Connection: close`.
        waiting.request("GET", "/healthz")
        response = waiting.getresponse()
        assert (response.status, response.headers["Connection"]) == (200, "close")
        late.request("GET", "/healthz")
        assert late.getresponse().status == 200
        while accepts_connections(port):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send(b"half")
        response = running.getresponse()
        assert (response.status, response.headers["Connection"]) == (301, "close")
        assert server.wait(90) == 0


def test_endless_responses_are_closed_before_the_kill(tmp_path):
    log = tmp_path / "server.log"
    short = {"WEBAPP_WORKERS": "1", "WEBAPP_GRACEFUL_TIMEOUT_S": "6"}
    requests = [
        b"GET /stream HTTP/1.1\r\nHost: guestbook.example\r\nX-Forwarded-Proto: https\r\n\r\n",
        b"GET /astream HTTP/1.1\r\nHost: guestbook.example\r\nX-Forwarded-Proto: https\r\n\r\n",
        b"POST /stream HTTP/1.1\r\nHost: guestbook.example\r\nContent-Length: 9\r\n\r\nhalf",
    ]
    with container(log, **ENDLESS, **short) as (server, port), ExitStack() as clients:
        for request in requests:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            client.sendall(request)
            if b"GET" in request:
                assert client.recv(1000).startswith(b"HTTP/1.1 200")
        server.send_signal(signal.SIGTERM)
        assert server.wait(90) == 0

    written = log.read_text()
    assert "the synchronous stream is closed" in written
    assert "the asynchronous stream is closed" in written
