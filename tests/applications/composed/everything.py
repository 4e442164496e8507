"""Channels for websockets, FastAPI under /api, and Django for everything else."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from tests.applications.composed import api


class Echo(AsyncJsonWebsocketConsumer):
    """Echoes each message, together with the client and parts of the scope."""

    async def receive_json(self, content: object) -> None:
        """Echo one message."""
        seen = {name: self.scope[name] for name in ("path", "root_path", "scheme")}
        await self.send_json({"said": content, "client": self.scope["client"][0]} | seen)


application = ProtocolTypeRouter(
    {
        "http": api.application,
        "lifespan": api.application,
        "websocket": URLRouter([path("echo", Echo.as_asgi())]),
    }
)
