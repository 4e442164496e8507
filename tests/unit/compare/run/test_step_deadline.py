"""A step that has begun gets a deadline from the time that is left."""

import asyncio
from types import SimpleNamespace

import pytest

from django_runtimes.compare.run.subject_steps import Phase, attempt_within
from django_runtimes.compare.run.time_limit import TimeLimit
from tests.unit.compare.run.fake_measurement import APP_RUNNER, ECS, FakeMeasurement
from tests.unit.compare.run.test_measurement_phases import given_rates

FAILURE = (
    "{} did not end within {} s, the time that the run's limit of 100 s left for it; give a longer --budget, or fewer "
    "targets"
)


def limit_at(taken_s: float, limit_s: float | None = 100.0) -> TimeLimit:
    moments = iter([0.0])
    return TimeLimit(limit_s, clock=lambda: next(moments, taken_s))


@pytest.mark.parametrize(
    ("taken_s", "step_s"),
    # No step ends later than 15 s after the limit.
    [(0.0, 50.0), (60.0, 20.0), (80.0, 15.0), (99.0, 15.0), (114.0, 1.0), (115.0, 0.0), (200.0, 0.0)],
)
def test_a_step_may_take_half_of_the_time_that_is_left(taken_s: float, step_s: float):
    assert limit_at(taken_s).step_s == step_s


def test_without_a_limit_a_step_may_take_any_time():
    assert limit_at(1e6, None).step_s == float("inf")


@pytest.mark.parametrize(
    ("hangs", "left_out", "failure", "taken_s"),
    [
        ("single", "the rest of first requests at aws_ecs/pool/direct", FAILURE.format("first requests", 50), 50.0),
        ("busy", "the rest of warming up at aws_ecs/pool/direct", FAILURE.format("warming up", 50), 50.0),
        # The second cold start is not begun.
        ("cold start", "the rest of cold starts at aws_ecs/pool/direct", None, 50.0),
        ("burst", "the rest of bursts of 40 at aws_ecs/pool/direct", None, 50.0),
        # The four blocks get 50, 25, 15 and 15 s.
        ("steady", "the rest of steady load at aws_ecs/pool/direct", None, 105.0),
    ],
)
def test_a_step_that_does_not_end_is_cut_off(hangs: str, left_out: str, failure: str | None, taken_s: float):
    found = given_rates(FakeMeasurement(100.0, hangs=hangs)).run()

    assert found.taken_s == pytest.approx(taken_s, abs=0.1)
    assert left_out in found.limit.left_out
    assert found.subjects[0].failure == failure
    assert found.number("steady") == (0 if failure else 4)


def test_a_target_that_hangs_does_not_cost_the_others_their_measurement():
    found = FakeMeasurement(100.0, (ECS, APP_RUNNER), hangs="single", hanging=ECS)

    failed, measured = given_rates(found).run().subjects

    assert failed.failure is not None
    assert measured.failure is None
    assert len(measured.blocks["read", 25.0]) == 2


def test_a_timeout_within_a_step_is_not_the_deadlines():
    async def step(subject: object) -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(attempt_within(limit_at(0.0), SimpleNamespace(name=ECS, failure=None), step, Phase("x")))
