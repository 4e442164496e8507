"""When the number of opened connections is final."""

import asyncio
from typing import Any

import pytest

from django_runtimes.compare.meters.connection_sampler import ConnectionSampler


class LateCounter:
    """A counter that includes a connection from its third reading on."""

    def __init__(self) -> None:
        self.readings = 0

    async def opened(self, database: str) -> int:
        self.readings += 1
        return 7 if self.readings < 3 else 8


async def test_a_count_is_final_after_five_equal_readings_whatever_the_time(monkeypatch: pytest.MonkeyPatch):
    async def stand_still(delay_s: float) -> None:
        """Let any time pass, as on a machine that stood still."""

    monkeypatch.setattr(asyncio, "sleep", stand_still)
    counter: Any = LateCounter()

    assert await ConnectionSampler(counter, ["shop"]).opened("shop") == 8
    assert counter.readings == 3 + 5
