from dataclasses import dataclass, field

import pytest

from django_runtimes.compare.run.phases.burst_phase import BurstPhase


@dataclass
class Steps:
    """A subject, its target and its generator, which remember what was asked of them."""

    has_cold_bursts: bool
    done: list[tuple[object, ...]] = field(default_factory=list)
    url: str = "http://127.0.0.1"
    ledger: None = None
    users: tuple[()] = ()
    workload: None = None
    burst_size: int = 40
    bursts: int = 2

    @property
    def target(self) -> "Steps":
        return self

    def requests(self, workload: None) -> list[str]:
        return ["read"]

    async def make_cold(self) -> None:
        self.done.append(("cold",))

    async def make_ready(self, count: int) -> None:
        self.done.append(("ready", count))

    async def burst(self, url: str, requests: list[str], **options: object) -> int:
        return options["seed"]

    async def sampled(self, subject, key, index, load) -> None:
        self.done.append((key[0], index, await load))


@pytest.mark.parametrize("has_cold_bursts", [True, False])
async def test_only_targets_whose_cold_bursts_differ_get_one(has_cold_bursts):
    steps = Steps(has_cold_bursts)

    await BurstPhase(steps, seed=7, generator_of=lambda subject: steps, sampled=steps.sampled).step(steps)

    cold = [("cold",), ("burst_cold", 0, 7)] if has_cold_bursts else []
    assert steps.done == [*cold, ("ready", 40), ("burst", 0, 7), ("burst", 1, 8), ("cold",)]
