"""Marks when a wrapper must keep its connection."""

from typing import Any


class AtWork:
    """Keeps the connection during a block in which the garbage collector may drop a cursor."""

    __slots__ = ("_wrapper",)

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper

    def __enter__(self) -> None:
        self._wrapper._busy += 1

    def __exit__(self, *_: object) -> None:
        self._wrapper._busy -= 1
