import pytest

from django_runtimes.compare.layout.figures import milliseconds, number, ratio, requests_per_second


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.004, "0.00"),
        (0.52, "0.52"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (64.24, "64.2"),
        (99.96, "100"),
        (1_204.4, "1,204"),
        (None, "-"),
    ],
)
def test_milliseconds_have_three_digits_or_are_whole_numbers(value: float | None, text: str):
    assert milliseconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1_204, "1,204"), (12.34, "12.3"), (3.0, "3.0"), (None, "-")])
def test_counts_are_whole_and_means_have_one_decimal(value: float | None, text: str):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.874, "0.87"), (1.0, "1.00"), (14.26, "14.3")])
def test_ratios_below_ten_have_two_decimals(value: float, text: str):
    assert ratio(value) == text


@pytest.mark.parametrize(("rate_rps", "text"), [(25.0, "25/s"), (12.5, "12.5/s")])
def test_a_rate_is_given_per_second(rate_rps: float, text: str):
    assert requests_per_second(rate_rps) == text
