"""Socket.IO below a base path, by polling and by websocket, as described in docs/compose.md."""

import gc
from http.client import HTTPConnection

import pytest
import socketio

from tests.integration.entrypoints.composed.test_composed import COMPOSED, FRONT, ON_LAMBDA, PROJECT, ask, launched
from tests.integration.entrypoints.launcher import container

pytestmark = pytest.mark.profile_free


# python-engineio's client leaves responses unread and connections open.
@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")
@pytest.mark.parametrize("base_path", ["", "/shop"])
@pytest.mark.parametrize("module", ["sockets", "mounted_sockets"])
async def test_clients_reach_socketio_and_django(tmp_path, module, base_path):
    replies = []
    variables = PROJECT | {"COMPOSED": f"{COMPOSED}.{module}.application", "WEBAPP_BASE_PATH": base_path}
    with container(tmp_path / "log", **variables) as (_, port):
        for transport in ("polling", "websocket"):
            async with socketio.AsyncSimpleClient(request_timeout=60) as client:
                await client.connect(
                    f"http://127.0.0.1:{port}",
                    headers={name: value for name, value in FRONT.items() if name != "Host"},
                    transports=[transport],
                    socketio_path=f"{base_path}/socket.io",
                    wait_timeout=60,
                )
                replies.append((client.client.transport(), await client.call("echo", "hello", timeout=60)))
        page = ask(port, "GET", f"{base_path}/plain")
    # Collect the open connections here, where their warning is ignored, not in a later test.
    gc.collect()

    assert replies == [("polling", "hello"), ("websocket", "hello")]
    assert (page[0], page[1]["link"]) == (200, f"{base_path}/plain")


def test_socketio_answers_behind_a_hop_that_strips_the_base_path(tmp_path):
    variables = PROJECT | {"COMPOSED": f"{COMPOSED}.sockets.application", "WEBAPP_BASE_PATH": "/shop"}
    with container(tmp_path / "log", **variables) as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/socket.io/?EIO=4&transport=polling", headers=FRONT)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()

    assert (answer.status, body[:8]) == (200, b'0{"sid":')


@pytest.mark.parametrize("module", ["sockets", "mounted_sockets"])
def test_lambda_refuses_socketio(module):
    started = launched(ON_LAMBDA, f"{COMPOSED}.{module}.application")

    assert started.returncode == 78, started.stderr
    assert "serves websockets, which Lambda does not support" in started.stderr
