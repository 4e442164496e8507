import json

import pytest
from benchmarks.cost import Cost, as_json, as_lines

OLD = [100.0] * 30


def times(*new: float) -> Cost:
    return Cost("a time", "µs", {"new": list(new), "old": OLD})


def throughput(*new: float) -> Cost:
    return Cost("a throughput", "requests/s", {"new": list(new), "old": OLD}, more_is_better=True)


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        ([90.0] * 30, "within the bar"),
        ([104.0] * 30, "within the bar"),
        ([105.0] * 30, "SLOWER"),
        ([150.0] * 30, "SLOWER"),
        ([100.0, 110.0] * 15, "undecided"),
    ],
)
def test_a_time_is_within_the_bar_when_its_whole_interval_is_below(new, verdict):
    assert times(*new).verdict == verdict


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        ([150.0] * 30, "within the bar"),
        ([96.0] * 30, "within the bar"),
        ([95.0] * 30, "SLOWER"),
        ([50.0] * 30, "SLOWER"),
        ([100.0, 90.0] * 15, "undecided"),
    ],
)
def test_a_throughput_is_within_the_bar_when_its_whole_interval_is_above(new, verdict):
    assert throughput(*new).verdict == verdict


def test_a_line_has_ratio_interval_limit_verdict_and_medians():
    assert as_lines([times(*[110.0] * 30), throughput(*[110.0] * 30)]) == [
        "   1.100 [1.100, 1.100]  bar < 1.050 SLOWER: a time, new / old (110.0 / 100.0 µs, 30 rounds)",
        "   1.100 [1.100, 1.100]  bar > 0.952 within the bar: a throughput, new / old "
        "(110.0 / 100.0 requests/s, 30 rounds)",
    ]


def test_the_json_keeps_every_round():
    content = json.loads(as_json({"old": "abc"}, [times(*[110.0] * 30)]))

    assert content["environment"] == {"old": "abc"}
    assert content["figures"][0]["rounds"] == {"new": [110.0] * 30, "old": OLD}
    assert content["figures"][0]["verdict"] == "SLOWER"
