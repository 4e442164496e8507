"""Django's ASGI handler with every synchronous part on one thread that lives on."""

from typing import Any

from django.core.handlers.asgi import ASGIHandler


class OneThreadASGIHandler(ASGIHandler):
    """Keeps thread-bound state, such as a persistent connection, from one request to the next.

    Django enters a ThreadSensitiveContext for each request, which gives the request a thread of its own and
    ends it with the request. Without that context asgiref uses one thread for the whole process: requests
    that reach synchronous code follow one another.
    """

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"a {scope['type']} connection reached Django's handler, which serves http only")
        await self.handle(scope, receive, send)
