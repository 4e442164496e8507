"""The streams of a measurement."""

import pytest

from django_runtimes.compare.record.stream_result import StreamResult
from tests.unit.compare.run.fake_measurement import APP_RUNNER, ECS, FakeMeasurement


def test_each_target_is_asked_for_each_stream_before_the_load():
    found = FakeMeasurement(names=(ECS, APP_RUNNER)).run()

    # The first answer of each target is not counted.
    assert found.number("stream") == 2 * 31
    kinds = [kind for kind, _ in found.calls]
    assert max(index for index, kind in enumerate(kinds) if kind == "stream") < kinds.index("busy")
    for subject in found.subjects:
        result = subject.result()
        assert result.streams == (
            StreamResult("export", 30, {}, (3.0,) * 30, (9.0,) * 30, size_kb=20.0, billed_ms=12.0),
        )
        # The whole duration is billed, not the time until the first byte.
        assert (result.usage["stream_s"], result.usage["stream_mb"]) == (0.012, 0.02)


def test_a_wrong_first_answer_fails_the_target():
    found = FakeMeasurement(stream_error="status_404").run()

    (subject,) = found.subjects
    assert subject.failure == "the first request ('export'): seen"
    assert found.number("stream") == 1


def test_a_stream_without_an_end_is_asked_for_once():
    found = FakeMeasurement(stream_error="timeout").run()

    (subject,) = found.subjects
    assert subject.failure is None
    assert found.number("stream") == 1
    assert subject.result().streams == (StreamResult("export", 1, {"timeout": 1}, (), ()),)
    assert "stream_s" not in subject.result().usage


@pytest.mark.parametrize(("stream_s", "answers"), [(0.1, 31), (1.0, 5), (40.0, 1)])
def test_streams_take_five_percent_of_the_time(stream_s: float, answers: int):
    found = FakeMeasurement(limit_s=100.0, costs_s={"single": 1.0, "stream": stream_s})

    found.run()

    assert found.number("stream") == answers
    left_out = f"streams ({31 - answers} of 31 steps)"
    assert (left_out in found.limit.left_out) is (answers < 31)
    (subject,) = found.subjects
    assert any(rate_rps is not None for _, rate_rps in subject.blocks)
