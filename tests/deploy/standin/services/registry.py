"""Registers the operations that the stand-in implements itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.deploy.standin.protocol import Call
from tests.deploy.standin.world import World

Operation = Callable[[World, Call], Awaitable[dict[str, Any]]]

_operations: dict[tuple[str, str], Operation] = {}


def operation(service: str, name: str) -> Callable[[Operation], Operation]:
    """Register the decorated function as the implementation of an operation."""

    def add(function: Operation) -> Operation:
        _operations[service, name] = function
        return function

    return add


def find(service: str, name: str) -> Operation | None:
    return _operations.get((service, name))


def services() -> set[str]:
    """Return the services with at least one operation."""
    return {service for service, _ in _operations}


def done_here(service: str) -> bool:
    """Return whether the stand-in stores the service's resources itself, so that moto has none of them."""
    return service in services()


def page(
    items: list[Any], parameters: Mapping[str, Any], size: int, *, token: str = "NextToken"
) -> tuple[list[Any], str | None]:
    """Return one page of a list and the token of the next page, or None on the last page."""
    start = int(parameters.get(token) or 0)
    following = start + size
    return items[start:following], str(following) if following < len(items) else None
