"""The types that the modules of `serving` share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# ASGI's: https://asgi.readthedocs.io/en/latest/specs/www.html
Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = list[tuple[bytes, bytes]]
# What Lambda invokes a function with.
Event = dict[str, Any]
# A status, headers and a body, as Mangum's classes take them.
Response = dict[str, Any]
