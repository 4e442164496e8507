"""Socket.IO beside Django, where Starlette routes the path, as docs/compose.md shows it."""

import socketio
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.applications.composed.sockets import django, server

application = Starlette(
    routes=[Mount("/socket.io", socketio.ASGIApp(server, socketio_path=None)), Mount("/", django)],
)
