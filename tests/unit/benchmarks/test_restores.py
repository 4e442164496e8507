"""The lines of the measurement of restores."""

from benchmarks.measurements import restores


def test_a_line_has_the_ratio_the_medians_and_the_verdicts():
    measured = {
        "/ping": {"restore": [10.0, 20.0, 30.0], "start": [200.0, 200.0, 200.0]},
        "/items": {"restore": [60.0, 60.0, 60.0], "start": [200.0, 200.0, 200.0]},
    }

    first, second = restores.lines(measured)

    assert first.startswith("   0.100 [0.050, 0.150]  bar ≤ 0.25 met, goal ≤ 0.1 met: ")
    assert "/ping (20 ms)" in first
    assert first.endswith("(200 ms), median of 3")
    assert second.startswith("   0.300 [0.300, 0.300]  bar ≤ 0.25 MISSED, goal ≤ 0.1 not met: ")
