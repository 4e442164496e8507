"""The clients of the pools' measurement, against a server that answers or fails."""

import asyncio
import socket

import pytest
from aiohttp import web
from benchmarks.pools.clients import Answer, clients


@pytest.fixture
async def url():
    async def work(request: web.Request) -> web.Response:
        match request.query.get("how"):
            case "fails":
                return web.json_response({"error": "PoolError"}, status=500)
            case "refuses":
                return web.Response(status=503, text="busy")
            case _:
                return web.json_response({"wait_ms": 12.5})

    application = web.Application()
    application.router.add_get("/work", work)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/work"
    await runner.cleanup()


async def answers_of(url: str) -> list[Answer]:
    async with clients(url, 3) as answers:
        # At the end, each client completes its current request, so that each has an answer.
        await asyncio.sleep(0.2)
    return answers


async def test_each_answer_has_its_wait(url):
    answers = await answers_of(url)

    assert {(answer.wait_ms, answer.error) for answer in answers} == {(12.5, "")}


@pytest.mark.parametrize(("how", "error"), [("fails", "PoolError"), ("refuses", "status 503")])
async def test_an_error_has_its_class_or_its_status(url, how, error):
    answers = await answers_of(f"{url}?how={how}")

    assert {(answer.wait_ms, answer.error) for answer in answers} == {(None, error)}


async def test_a_server_that_is_gone_is_an_error():
    # Nothing listens on the port, and no other process can take it.
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        answers = await answers_of(f"http://127.0.0.1:{bound.getsockname()[1]}/work")

    assert {answer.error for answer in answers} == {"ClientConnectorError"}
