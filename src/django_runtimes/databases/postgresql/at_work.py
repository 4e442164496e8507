"""A context manager that keeps a wrapper's connection from being given back or taken away."""

from typing import Any


class AtWork:
    """Keep the wrapper's connection during a block, even if the garbage collector drops its last cursor."""

    __slots__ = ("_wrapper",)

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper

    def __enter__(self) -> None:
        self._wrapper._busy += 1

    def __exit__(self, *_: object) -> None:
        self._wrapper._busy -= 1
