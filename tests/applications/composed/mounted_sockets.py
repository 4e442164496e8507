"""Socket.IO beside Django with Starlette's routing, as documented in docs/compose.md."""

import socketio
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.applications.composed.sockets import django, server

application = Starlette(
    routes=[Mount("/socket.io", socketio.ASGIApp(server, socketio_path=None)), Mount("/", django)],
)
