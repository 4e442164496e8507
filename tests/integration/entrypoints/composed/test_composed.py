"""A project's own ASGI application around Django: Channels for websockets, FastAPI under a path."""

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import aiohttp
import pytest
import websockets

from django_runtimes.cli.ports import free_port
from django_runtimes.compare.emulator.environments import environment_process
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from tests.integration.entrypoints.launcher import PATIENT, REQUIRED, container

pytestmark = pytest.mark.profile_free

ROOT = Path(__file__).parents[4]
COMPOSED = "tests.applications.composed"
PROJECT = {
    "DJANGO_SETTINGS_MODULE": f"{COMPOSED}.settings",
    "PYTHONPATH": str(ROOT),
    "WEBAPP_WORKERS": "1",
    # This must exist, because WhiteNoise warns about a missing directory.
    "WEBAPP_STATIC_ROOT": str(ROOT / "tests/applications/composed"),
}
FRONT = {"Host": "guestbook.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
# Headers for websockets, whose client sets the Host header itself.
ORIGIN = {name: value for name, value in FRONT.items() if name != "Host"}
ON_LAMBDA = REQUIRED | PROJECT | {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"}


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("composed") / "log"


@pytest.fixture(scope="module")
def server(log):
    with container(log, **PROJECT) as running:
        yield running


def ask(port, method, path, body=None, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, FRONT | headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, json.loads(answer)


@pytest.mark.parametrize("view", ["plain", "aplain"])
def test_django_is_served_at_each_of_its_mounts(server, view):
    seen = {"from": "django", "client": "198.51.100.7", "secure": True, "posted": None}

    for mount in ("", "/legacy"):
        answer = seen | {"path": f"{mount}/{view}", "link": f"{mount}/plain"}
        assert ask(server[1], "GET", f"{mount}/{view}") == (200, answer)


def test_fastapi_is_served_with_the_state_of_the_lifespan(server):
    seen = {"from": "fastapi", "number": 7, "state": "by the lifespan", "client": "198.51.100.7"}
    seen["link"] = "https://guestbook.example/api/item/7"

    assert ask(server[1], "GET", "/api/item/7") == (200, seen)


def test_health_checks_precede_every_route(server):
    assert ask(server[1], "GET", "/healthz") == (200, {"status": "ok"})


async def test_channels_answers_websockets(server):
    address = f"ws://127.0.0.1:{server[1]}/echo"
    async with websockets.connect(address, additional_headers=ORIGIN, open_timeout=60) as websocket:
        await websocket.send(json.dumps("hello"))
        seen = json.loads(await websocket.recv())

    assert seen == {"said": "hello", "client": "198.51.100.7", "path": "/echo", "root_path": "", "scheme": "wss"}


async def test_a_variable_limits_websocket_messages(tmp_path):
    with container(tmp_path / "log", **PROJECT, WEBAPP_MAX_WEBSOCKET_MESSAGE_BYTES="1000") as (_, port):
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/echo", additional_headers=ORIGIN, open_timeout=60
        ) as websocket:
            await websocket.send(json.dumps("x" * 998))
            assert json.loads(await websocket.recv())["said"] == "x" * 998
            await websocket.send(json.dumps("x" * 999))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await websocket.recv()

    assert closed.value.rcvd.code == 1009


def test_wsproto_without_websockets_is_refused_in_one_line(tmp_path):
    (tmp_path / "wsproto.py").write_text("")
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['websockets'] = None")
    project = REQUIRED | PROJECT | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PORT": str(free_port())}

    started = launched(project, f"{COMPOSED}.everything.application")

    assert started.returncode == 4, started.stderr
    assert "only wsproto is installed, which decompresses messages without a limit; install" in started.stderr
    assert "Traceback" not in started.stderr


def test_a_request_over_https_is_not_redirected_again(tmp_path):
    with container(tmp_path / "log", **PROJECT, COMPOSED=f"{COMPOSED}.redirecting.application") as (_, port):
        answers = {scheme: status_and_headers(port, "/plain", scheme) for scheme in ("https", "http")}

    assert answers["https"][0] == 200
    assert (answers["http"][0], answers["http"][1]["location"]) == (307, "https://guestbook.example/plain")


def status_and_headers(port, path, scheme, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=FRONT | {"X-Forwarded-Proto": scheme} | headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers


@pytest.mark.parametrize("key", [True, False], ids=["handshake", "no key"])
def test_django_alone_ignores_a_websockets_handshake(tmp_path, key):
    handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    if key:
        handshake["Sec-WebSocket-Key"] = "MDEyMzQ1Njc4OTAxMjM0NQ=="
    log = tmp_path / "log"
    with container(log, **PROJECT, COMPOSED="") as (_, port):
        status, seen = ask(port, "GET", "/plain", **handshake)
        health = ask(port, "GET", "/healthz", **handshake)

    assert (status, seen["path"]) == (200, "/plain")
    assert health == (200, {"status": "ok"})
    assert "Traceback" not in log.read_text()


def test_the_lifespan_ends_with_the_server(tmp_path):
    log = tmp_path / "log"
    with container(log, **PROJECT) as (process, port):
        ask(port, "GET", "/plain")
        assert "composed: opened" in log.read_text()
        assert "composed: closed" not in log.read_text()
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    assert log.read_text().count("composed: closed") == 1


def test_a_lifespan_that_fails_ends_the_server_with_its_reason(tmp_path):
    log = tmp_path / "log"
    with container(log, **PROJECT, COMPOSED=f"{COMPOSED}.failing.application") as (process, _):
        assert process.wait(90) != 0

    assert "the broker at broker.internal is not there" in log.read_text()


async def test_on_lambda_the_http_part_is_served(tmp_path, monkeypatch):
    # Lambda gives a function half a second to end, which a busy machine may not manage.
    monkeypatch.setattr(environment_process, "_SHUTDOWN_S", 60)
    (tmp_path / "unhurried.py").write_text(
        "from django_runtimes.entrypoints import function\n"
        "from django_runtimes.entrypoints.aws_lambda import handler\n"
        "function._LIFESPAN_END_S = 60\n"
    )
    environ = ON_LAMBDA | {"COMPOSED": f"{COMPOSED}.api.application", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    function = Function("composed", "unhurried.handler", environ, tmp_path / "logs", **PATIENT)
    headers = {"Host": "guestbook.example", "X-Forwarded-Proto": "https"}
    answers = []
    async with LambdaTarget(function) as target, aiohttp.ClientSession(headers=headers) as session:
        for path in ("/plain", "/aplain", "/api/item/7", "/healthz"):
            async with session.get(target.url + path) as answer:
                answers.append((answer.status, await answer.json()))
    log = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*") if path.is_file())

    assert [status for status, _ in answers] == [200] * 4
    assert [body.get("from") for _, body in answers] == ["django", "django", "fastapi", None]
    assert answers[2][1]["state"] == "by the lifespan"
    assert log.count("composed: opened") == 1
    assert log.count("composed: closed") == 1


@pytest.mark.parametrize(
    ("application", "complaint"),
    [
        (f"{COMPOSED}.everything.application", "serves websockets, which Lambda does not support"),
        (f"{COMPOSED}.djangos_own.application", "does not call django_runtimes.get_asgi_application()"),
        (f"{COMPOSED}.nowhere.application", f"there is no module '{COMPOSED}.nowhere'"),
        (f"{COMPOSED}.api.applicaton", f"{COMPOSED}.api has no applicaton; name a callable"),
        (f"{COMPOSED}.api.COMPOSED", f"{COMPOSED}.api has no COMPOSED; name a callable"),
        (f"{COMPOSED}.api.__name__", "has a non-callable object of that name; name a callable"),
        ("application", "names no module; use the form config.asgi.application"),
    ],
)
def test_an_unusable_application_is_refused_in_one_line(application, complaint):
    started = launched(ON_LAMBDA, application)

    assert started.returncode == 78, started.stderr
    assert started.stderr.startswith(f"webapp: ASGI_APPLICATION={application!r}")
    assert complaint in started.stderr
    assert len(started.stderr.splitlines()) == 1


def test_a_server_refuses_an_unusable_application():
    started = launched(REQUIRED | PROJECT, f"{COMPOSED}.djangos_own.application", PORT=str(free_port()))

    assert started.returncode == 4, started.stderr
    assert "does not call django_runtimes.get_asgi_application()" in started.stderr
    assert "Traceback" not in started.stderr


def test_other_errors_in_the_applications_module_show_a_traceback():
    started = launched(REQUIRED | PROJECT, f"{COMPOSED}.broken.application", PORT=str(free_port()))

    assert started.returncode != 0
    assert "No module named 'a_package_that_is_not_installed'" in started.stderr
    assert "Traceback" in started.stderr


def launched(variables, application, **changes):
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
        env={"PATH": os.environ["PATH"], **variables, "COMPOSED": application, **changes},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
