"""A response that needs no thread any more."""

from typing import NamedTuple

from django_runtimes.serving.types import Headers, Send


class Answer(NamedTuple):
    """A status, headers and the whole body."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})
