import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.recommendation.stated_limits import StatedLimits


def test_limits_are_read_from_a_saved_run():
    limits = StatedLimits(max_p99_ms=200.0, max_usd_per_month=49.99, requests_per_month=5_000_000.0)

    assert StatedLimits.of_environment({"limits": limits.saved()}) == limits
    assert list(limits.texts()) == [
        "a p99 of at most 200 ms",
        "at most 49.99 USD per month at 5,000,000 requests per month",
    ]


def test_a_run_of_an_earlier_version_has_no_limits():
    limits = StatedLimits.of_environment({})

    assert not limits.are_stated
    assert limits.traffic.name == "10/s"


@pytest.mark.parametrize("value", ["200", -1, 0, True, 1e10, float("nan")])
def test_a_saved_limit_that_is_no_number_is_refused(value: object):
    with pytest.raises(CompareError, match=r"the run's limit max_usd_per_month is .*, not a number above 0"):
        StatedLimits.of_environment({"limits": {"max_usd_per_month": value}})


def test_saved_limits_that_are_no_object_are_refused():
    with pytest.raises(CompareError, match="are \\[200\\], not an object"):
        StatedLimits.of_environment({"limits": [200]})
