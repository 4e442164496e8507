import random

import pytest
from benchmarks.ratio import Ratio, interleaved


def test_the_ratio_is_the_median_of_the_rounds_ratios():
    ours = [1.0, 40.0, 3.0]
    peer = [2.0, 10.0, 30.0]

    assert Ratio.of(ours, peer).median == 0.5


def test_rounds_that_agree_leave_no_uncertainty():
    assert Ratio.of([3.0] * 9, [2.0] * 9) == Ratio(median=1.5, low=1.5, high=1.5)


def test_rounds_that_disagree_widen_the_interval_around_the_median():
    ratio = Ratio.of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0] * 7)

    assert 1.0 <= ratio.low < ratio.median == 4.0 < ratio.high <= 7.0


def test_the_same_rounds_always_give_the_same_ratio():
    ours = [random.Random(number).random() for number in range(12)]

    assert Ratio.of(ours, [1.0] * 12) == Ratio.of(ours, [1.0] * 12)


def test_contenders_with_unequal_rounds_are_not_compared():
    with pytest.raises(ValueError, match="shorter"):
        Ratio.of([1.0, 2.0], [1.0])


def test_every_round_has_every_contender_once():
    contenders = ["a", "b", "c"]

    order = list(interleaved(contenders, 20, random.Random(1)))

    rounds = [order[start : start + 3] for start in range(0, 60, 3)]
    assert all(sorted(each) == contenders for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1
