"""Invented benchmark results with simple figures and five rounds of each part."""

import pytest
from benchmarks.contenders import servers
from benchmarks.figures import Results
from benchmarks.measurements import lambda_cold, lambda_warm
from benchmarks.measurements.containers import MeasuredServers
from benchmarks.measurements.wrk import Load

ROUNDS = 5


def load(good_per_s: float, *, p99_ms: float = 20.0, refused: int = 0) -> Load:
    return Load(good_per_s, p50_ms=5.0, p99_ms=p99_ms, answers=2_000, refused=refused, broken=0)


@pytest.fixture
def results() -> Results:
    per_s = {
        servers.OURS: 6_000.0,
        servers.UVICORN: 1_000.0,
        servers.UVICORN_WORKER: 2_000.0,
        servers.GTHREAD: 4_000.0,
        servers.GRANIAN: 8_000.0,
    }
    loads = {name: [load(value)] * ROUNDS for name, value in per_s.items()}
    return Results(
        warm={
            "GET /ping": {
                lambda_warm.OURS: [100.0] * ROUNDS,
                lambda_warm.APIG_WSGI: [100.0] * ROUNDS,
                lambda_warm.MANGUM_DJANGO: [2_000.0] * ROUNDS,
            },
            "GET /items": {
                lambda_warm.OURS: [600.0] * ROUNDS,
                lambda_warm.APIG_WSGI: [500.0] * ROUNDS,
            },
        },
        cold={lambda_cold.OURS: [190.0] * ROUNDS, lambda_cold.PINNED_SETUP: [200.0] * ROUNDS},
        containers=MeasuredServers(
            paths={"/ping": loads, "/items": loads},
            crowd={
                servers.OURS: [load(1_500.0, p99_ms=40.0)] * ROUNDS,
                servers.GTHREAD: [load(1_200.0, p99_ms=50.0)] * ROUNDS,
            },
            backends=[16.0] * ROUNDS,
        ),
    )
