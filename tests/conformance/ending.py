"""How one of Django's tests ends."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """`passed`, `failed` or `skipped`, and why: the class and message of each exception, or the skip's reason."""

    word: str
    causes: tuple[str, ...] = ()


Endings = Mapping[str, Ending]
