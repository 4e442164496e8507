"""An ASGI application that echoes requests as JSON; some paths respond in special ways."""

import asyncio
import contextvars
import json
import signal
import sys

from tests.integration.serving.http.answers import answer

_at_the_end = []
_left_behind = contextvars.ContextVar("left_behind", default="nothing")


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await _serve_websocket(scope["path"], receive, send)
    elif scope["path"] == "/unread":
        await _answer(send, {"unread": True})
    elif scope["path"] == "/late":
        await asyncio.sleep(0.3)
        await _answer(send, {"path": "/late"})
    elif scope["path"] in {"/early", "/closing"}:
        await _answer_early(scope, receive, send)
    elif scope["path"] == "/piece":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"no ", "more_body": True})
        await send({"type": "http.response.body", "body": b"length"})
    elif scope["path"] in {"/large", "/pieces"}:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        # More than the kernel's buffers hold.
        size = 2**20 if scope["path"] == "/large" else 2**14
        for _ in range(2**26 // size):
            await send({"type": "http.response.body", "body": bytes(size), "more_body": True})
        await send({"type": "http.response.body"})
    elif scope["path"] == "/endless":
        await asyncio.sleep(3600)
    elif scope["path"] == "/endless-stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        # This stream ignores disconnects, so it ends by itself after 10 s.
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0.1)
    elif scope["path"] == "/events":
        await _send_events(receive, send)
        if scope["query_string"] == b"fail":
            raise RuntimeError("the client of /events has left")
    elif scope["path"].startswith("/answers/"):
        await answer(scope["path"].removeprefix("/answers/"), send)
    elif scope["path"].startswith("/exit/"):
        await _exit_in_a_task(scope["path"].removeprefix("/exit/"), int(scope["query_string"]))
        await _answer(send, {"path": scope["path"]})
    elif scope["path"] == "/fail":
        raise RuntimeError("the application fails")
    else:
        await _mirror(scope, receive, send)


async def _mirror(scope, receive, send):
    body, message = b"", {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"] if len(body) < 10_000 else b""
    found = _left_behind.get()
    _left_behind.set(scope["path"])
    await _answer(
        send,
        {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin1"),
            "version": scope["http_version"],
            "headers": [[name.decode("latin1"), value.decode("latin1")] for name, value in scope["headers"]],
            "body": body.decode("latin1"),
            "left_behind": found,
        },
    )


async def _exit_in_a_task(way, code):
    async def leave():
        await asyncio.sleep(0.01)
        raise SystemExit(code)

    if way == "gather":
        await asyncio.gather(leave(), asyncio.sleep(1))
    elif way == "group":
        async with asyncio.TaskGroup() as group:
            group.create_task(leave())
    elif way == "wait_for":
        await asyncio.wait_for(leave(), 60)
    elif way == "thread":
        await asyncio.create_task(asyncio.to_thread(sys.exit, code))
    elif way == "cancelled":
        _at_the_end.append(asyncio.create_task(_exit_when_cancelled(code)))
    elif way == "signal":
        signal.signal(signal.SIGUSR2, lambda *_: sys.exit(code))
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGUSR2)
        await asyncio.sleep(0.05)
    else:
        # Exit in a callback, which nothing awaits.
        asyncio.get_running_loop().call_soon(sys.exit, code)
        await asyncio.sleep(0.05)


async def _exit_when_cancelled(code):
    try:
        await asyncio.sleep(3600)
    finally:
        sys.exit(code)


async def _answer_early(scope, receive, send):
    """Start the response before the body is read, and end it afterwards."""
    headers = [(b"content-length", b"2")]
    headers += [(b"connection", b"close")] if scope["path"] == "/closing" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.body", "body": b"ok"})


async def _send_events(receive, send):
    """Keep a stream open until the client disconnects."""
    await receive()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b": beat\n\n", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send, content):
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve_websocket(path, receive, send):
    await receive()
    if path == "/refused":
        await send({"type": "websocket.close"})
        return
    if path == "/failed":
        raise RuntimeError("the application fails")
    if path == "/slow":
        await asyncio.sleep(0.3)
    await send({"type": "websocket.accept"})
    if path in {"/busy", "/deaf"}:
        await asyncio.sleep(1 if path == "/busy" else 3600)
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        await send({"type": "websocket.send", "text": text if text is not None else str(len(message["bytes"]))})
