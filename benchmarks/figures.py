"""The figures that have a bar and a goal, each the ratio of ours to a peer's."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.contenders import servers
from benchmarks.measurements import lambda_cold, lambda_warm
from benchmarks.measurements.containers import MeasuredServers
from benchmarks.ratio import Ratio

Sign = Literal["≤", "≥"]


@dataclass(frozen=True)
class Figure:
    """One ratio; `sign` says on which side of the bar and the goal its median must be.

    `condition` is a further requirement of the goal, with the measured values.
    """

    name: str
    unit: str
    ours: float
    peer: float
    ratio: Ratio
    sign: Sign
    bar: float
    goal: float
    condition: str = ""
    condition_holds: bool = True

    @property
    def met(self) -> bool:
        """Whether the median is within the bar."""
        return self._within(self.bar)

    @property
    def goal_met(self) -> bool:
        """Whether the median is within the goal and its condition holds."""
        return self._within(self.goal) and self.condition_holds

    def _within(self, limit: float) -> bool:
        return self.ratio.median <= limit if self.sign == "≤" else self.ratio.median >= limit


@dataclass(frozen=True)
class Results:
    """Everything that one benchmark measured."""

    warm: dict[str, lambda_warm.P50sUs]
    cold: dict[str, list[float]]
    containers: MeasuredServers


def figures(results: Results) -> list[Figure]:
    """Return all figures, in the order in which their bars were set."""
    ping, items = results.warm["GET /ping"], results.warm["GET /items"]
    ping_per_s = _good_per_s(results.containers, "/ping")
    items_per_s = _good_per_s(results.containers, "/items")
    django_asgi = max((servers.UVICORN, servers.UVICORN_WORKER), key=lambda name: median(items_per_s[name]))
    return [
        _figure(
            "Lambda /ping warm p50, ours / apig-wsgi",
            unit="µs",
            ours=ping[lambda_warm.OURS],
            peer=ping[lambda_warm.APIG_WSGI],
            sign="≤",
            bar=1.05,
            goal=1.0,
        ),
        _figure(
            "Lambda /items, held connection, ours / apig-wsgi",
            unit="µs",
            ours=items[lambda_warm.OURS],
            peer=items[lambda_warm.APIG_WSGI],
            sign="≤",
            bar=1.02,
            goal=1.0,
        ),
        _figure(
            "Lambda /ping, ours / Mangum + Django's handler",
            unit="µs",
            ours=ping[lambda_warm.OURS],
            peer=ping[lambda_warm.MANGUM_DJANGO],
            sign="≤",
            bar=0.06,
            goal=0.04,
        ),
        _figure(
            "cold start CPU, image entrypoint to first /next, ours / bare django.setup() of pinned settings",
            unit="ms",
            ours=results.cold[lambda_cold.OURS],
            peer=results.cold[lambda_cold.PINNED_SETUP],
            sign="≤",
            bar=0.90,
            goal=0.85,
        ),
        _figure(
            "container /ping req/s at c16, ours on uvicorn / uvicorn with Django's handler",
            unit="requests/s",
            ours=ping_per_s[servers.OURS],
            peer=ping_per_s[servers.UVICORN],
            sign="≥",
            bar=6.0,
            goal=9.0,
        ),
        _figure(
            "container /items with pool, c16, ours / the better of uvicorn and gunicorn + uvicorn-worker "
            "with Django's handler",
            unit="requests/s",
            ours=items_per_s[servers.OURS],
            peer=items_per_s[django_asgi],
            sign="≥",
            bar=2.5,
            goal=3.2,
        ),
        _figure(
            "container /items with pool, c16, ours / granian WSGI",
            unit="requests/s",
            ours=items_per_s[servers.OURS],
            peer=items_per_s[servers.GRANIAN],
            sign="≥",
            bar=0.90,
            goal=1.0,
        ),
        _connections(results.containers),
    ]


def _figure(
    name: str, *, unit: str, ours: Sequence[float], peer: Sequence[float], sign: Sign, bar: float, goal: float
) -> Figure:
    return Figure(name, unit, median(ours), median(peer), Ratio.of(ours, peer), sign, bar, goal)


def _connections(measured: MeasuredServers) -> Figure:
    allowed = float(servers.WORKERS * servers.THREADS)
    ours, peer = measured.crowd[servers.OURS], measured.crowd[servers.GTHREAD]
    p99 = Ratio.of([load.p99_ms for load in ours], [load.p99_ms for load in peer])
    failed = sum(load.refused + load.broken for load in ours)
    return Figure(
        "PostgreSQL connections at c64, 2 workers / (workers × threads)",  # noqa: RUF001  (a multiplication)
        "connections",
        ours=median(measured.backends),
        peer=allowed,
        ratio=Ratio.of(measured.backends, [allowed] * len(measured.backends)),
        sign="≤",
        bar=1.0,
        goal=1.0,
        condition=f"p99 no worse than gthread's, nothing refused: {p99.median:.2f} of it "
        f"({p99.low:.2f} to {p99.high:.2f}), {failed} of {sum(load.answers for load in ours)} refused or broken",
        # Refusals are quick, so a p99 that includes them would look better than it is for users.
        condition_holds=p99.median <= 1 and failed == 0,
    )


def _good_per_s(measured: MeasuredServers, path: str) -> dict[str, list[float]]:
    return {name: [load.good_per_s for load in loads] for name, loads in measured.paths[path].items()}
