"""`functools.lru_cache` for functions of classes."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def remembering(most: int) -> Callable[[Function], Function]:
    """`lru_cache(most)`, typed as the function itself: its own types take no class for hashable."""
    return lru_cache(most)  # type: ignore[return-value]
