"""`functools.lru_cache`, typed for functions that take a class."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def class_cache(max_size: int) -> Callable[[Function], Function]:
    """Return `lru_cache(max_size)` typed as the decorated function, since its own types reject classes as keys."""
    return lru_cache(max_size)  # type: ignore[return-value]
