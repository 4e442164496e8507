"""A complete response that can be sent without a thread."""

from typing import NamedTuple

from django_runtimes.serving.types import Headers, Send


class Answer(NamedTuple):
    """A status, headers and the complete body."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send) -> None:
        """Send the response in two messages."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})
