"""Socket.IO in front of Django, as documented in docs/compose.md."""

import socketio
from django.conf import settings

from django_runtimes import get_asgi_application

django = get_asgi_application()
# With short intervals the server soon notices that a polling client has left.
server = socketio.AsyncServer(async_mode="asgi", ping_interval=1, ping_timeout=10)


@server.event  # type: ignore[untyped-decorator]
async def echo(sid: str, word: str) -> str:
    """Send the client's word back."""
    return word


base_path = settings.DJANGO_RUNTIMES.front.base_path
application = socketio.ASGIApp(server, django, socketio_path=f"{base_path}/socket.io")
