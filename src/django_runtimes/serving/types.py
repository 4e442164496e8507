"""The types that the modules of `serving` share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# From ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html
Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = list[tuple[bytes, bytes]]
# The event that Lambda passes to a function.
Event = dict[str, Any]
# A status, headers and a body, in the form of Mangum's classes.
Response = dict[str, Any]
