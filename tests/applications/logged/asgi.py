from django_runtimes import get_asgi_application

django = get_asgi_application()


async def echo(scope, receive, send):
    await receive()
    if scope["path"] == "/closed":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("not supported")
    await (echo if scope["type"] == "websocket" else django)(scope, receive, send)
