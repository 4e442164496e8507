import asyncio
import base64
import gzip
import io
import json
import socket

import aiohttp
import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from tests.integration.compare.targets.aws_lambda.idle import ready_count
from tests.integration.compare.targets.aws_lambda.patience import give_time


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def page(function):
    """The URL of the function that answers by path."""
    async with LambdaEmulator(function("echo.page", timeout_s=300.0)) as emulator, FunctionUrl(emulator) as url:
        await emulator.warm(1)
        yield url.url


async def test_a_request_becomes_an_event_and_the_result_a_response(page, session):
    headers = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.9", "Host": "guestbook.example"}
    async with session.post(f"{page}/a%20b?q=1&q=2", json={"n": 1}, headers=headers) as response:
        event = await response.json()

    assert response.status == 200
    assert response.content_type == "application/json"
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b", "q=1&q=2")
    assert event["requestContext"]["http"]["method"] == "POST"
    assert json.loads(event["body"]) == {"n": 1}
    assert event["headers"]["host"] == "guestbook.example"
    assert event["headers"]["x-forwarded-proto"] == "https"
    assert event["headers"]["x-forwarded-port"] == "443"
    assert event["headers"]["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"


async def test_each_cookie_becomes_a_header(page, session):
    async with session.get(f"{page}/cookies") as response:
        assert response.status == 201
        assert response.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2"]
        assert response.headers["X-Many"] == "1,2"
        assert await response.text() == "set"


async def test_binary_bodies_pass_in_both_directions(page, session):
    async with session.get(f"{page}/binary") as response:
        assert response.content_type == "image/png"
        assert await response.read() == bytes(range(256))
    async with session.put(f"{page}/", data=bytes(range(256)), headers={"Content-Type": "image/png"}) as response:
        event = await response.json()
    assert event["isBase64Encoded"] is True
    assert event["headers"]["content-length"] == "256"


async def test_a_compressed_body_stays_compressed(page, session):
    body = gzip.compress(b"the same again. " * 100)
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    async with session.put(f"{page}/", data=body, headers=headers) as response:
        event = await response.json()

    assert base64.b64decode(event["body"]) == body


async def test_a_head_request_gets_the_headers_without_the_body(page, session):
    async with session.head(f"{page}/binary") as response:
        assert response.status == 200
        assert response.headers["Content-Length"] == "256"
        assert await response.read() == b""
    # The connection can be reused, so no body was left unread.
    async with session.get(f"{page}/cookies") as response:
        assert response.status == 201


@pytest.mark.parametrize("path", ["/malformed", "/raise", "/exit", "/large"])
async def test_a_failing_function_gives_a_502_and_the_next_request_works(page, session, path):
    async with session.get(f"{page}{path}") as response:
        assert response.status == 502
        assert await response.text() == "Internal Server Error"
    async with session.get(f"{page}/cookies") as response:
        assert response.status == 201


async def test_a_timeout_gives_a_504_and_the_next_request_works(function, session):
    async with LambdaEmulator(function("echo.page", timeout_s=1.0)) as emulator, FunctionUrl(emulator) as url:
        await emulator.warm(1)
        async with session.get(f"{url.url}/sleep?600") as response:
            assert response.status == 504
        give_time(emulator)
        async with session.get(f"{url.url}/cookies") as response:
            assert response.status == 201


async def test_a_request_above_the_limit_gives_a_413(function, session):
    async with LambdaEmulator(function("echo.page")) as emulator, FunctionUrl(emulator) as url:
        # Base64 makes the event a third larger than the body.
        for size in (6_000_000, 7_000_000):
            async with session.post(url.url, data=io.BytesIO(b"\xff" * size)) as response:
                assert response.status == 413
        assert emulator.started_count == 0


async def test_a_request_above_the_concurrency_limit_gives_a_429(function, session, tmp_path):
    function = function("echo.page", concurrency_limit=2, timeout_s=300.0)
    async with LambdaEmulator(function) as emulator, FunctionUrl(emulator) as url:
        await emulator.warm(2)

        async def status():
            async with session.get(f"{url.url}/meeting?{tmp_path}") as response:
                return response.status

        ended = asyncio.as_completed([status() for _ in range(5)])
        assert [await next(ended) for _ in range(3)] == [429] * 3
        # Until now the two others wait for this file.
        (tmp_path / "go").touch()
        assert [await each for each in ended] == [200] * 2


async def test_a_function_that_cannot_start_gives_a_502(function, session):
    async with (
        LambdaEmulator(function("broken.handler")) as emulator,
        FunctionUrl(emulator) as url,
        session.get(url.url) as response,
    ):
        assert response.status == 502


async def test_a_disconnected_client_does_not_end_its_invocation(function, session, until, tmp_path):
    async with LambdaEmulator(function("echo.page", timeout_s=300.0)) as emulator, FunctionUrl(emulator) as url:
        await emulator.warm(1)
        client = asyncio.create_task(session.get(f"{url.url}/meeting?{tmp_path}"))
        await until(lambda: list(tmp_path.glob("arrived-*")))
        client.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client
        # Close the connection, which the cancelled request no longer uses.
        await session.close()
        assert ready_count(emulator) == 0
        (tmp_path / "go").touch()

        await until(lambda: ready_count(emulator) == 1)
        assert (emulator.started_count, emulator.failed_count) == (1, 0)


async def test_a_port_that_is_taken_is_refused_with_a_remedy(function):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with LambdaEmulator(function("echo.page")) as emulator:
            with pytest.raises(CompareError) as refusal:
                await FunctionUrl(emulator, port=port).__aenter__()

    assert str(refusal.value) == f"port {port} of 127.0.0.1 is taken; choose a free one, or 0"
