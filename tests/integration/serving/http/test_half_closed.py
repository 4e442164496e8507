"""To the application, a client that closes its sending side is disconnected."""

import asyncio

import pytest

from tests.integration.serving.http.in_process import PATIENCE_S, serving
from tests.integration.serving.http.servers import request

pytestmark = pytest.mark.profile_free


def test_the_application_receives_a_disconnect_at_once(run):
    received = []

    async def application(scope, receive, send):
        received.append(await receive())
        received.append(await receive())

    async def scenario():
        async with serving(app=application) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request("GET /"))
            writer.write_eof()
            raw = await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()
            return raw

    assert run(scenario()) == b""
    assert [message["type"] for message in received] == ["http.request", "http.disconnect"]
