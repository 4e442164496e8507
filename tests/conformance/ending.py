"""The ending of one of Django's tests."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """`passed`, `failed` or `skipped`, with the class and message of each exception or the reason to skip."""

    word: str
    causes: tuple[str, ...] = ()


Endings = Mapping[str, Ending]
