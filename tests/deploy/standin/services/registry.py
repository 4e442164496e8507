"""Which operations the stand-in carries out itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.deploy.standin.protocol import Call
from tests.deploy.standin.world import World

Operation = Callable[[World, Call], Awaitable[dict[str, Any]]]

_operations: dict[tuple[str, str], Operation] = {}


def operation(service: str, name: str) -> Callable[[Operation], Operation]:
    """Declare a function as what carries an operation out."""

    def add(function: Operation) -> Operation:
        _operations[service, name] = function
        return function

    return add


def find(service: str, name: str) -> Operation | None:
    return _operations.get((service, name))


def done_here(service: str) -> bool:
    """Whether the service's resources are kept here, so that moto would know nothing of them."""
    return any(known == service for known, _ in _operations)


def page(
    items: list[Any], parameters: Mapping[str, Any], size: int, *, token: str = "NextToken"
) -> tuple[list[Any], str | None]:
    """One page of a list, and the token of the next one, None at the end."""
    start = int(parameters.get(token) or 0)
    following = start + size
    return items[start:following], str(following) if following < len(items) else None
