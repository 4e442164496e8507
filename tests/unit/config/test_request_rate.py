import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.request_rate import RequestRate
from django_runtimes.config.variables.throttle_variables import THROTTLE


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/m", (100, 60)),
        ("1/s", (1, 1)),
        ("20/30s", (20, 30)),
        ("1000/h", (1000, 3600)),
        ("5/31d", (5, 2_678_400)),
        ("", None),
    ],
)
def test_a_rate_is_a_number_of_requests_in_a_window(text, rate):
    assert Environment({"WEBAPP_THROTTLE": text})[THROTTLE] == (None if rate is None else RequestRate(*rate))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        *(
            (text, "is not a rate; write requests/window, such as 100/m, 20/30s, 500/h or 1000/d")
            for text in ("100", "100/minute", "m/100", "-1/m", "1.5/m", "\u0661/m", "100 / m", "9999999999/m")
        ),
        *(
            (text, "is out of bounds; allow at least 1 request, in a window from 1 second to 31 days")
            for text in ("0/m", "1/0s", "1/32d")
        ),
    ],
)
def test_another_text_is_an_error_with_its_remedy(text, error):
    with pytest.raises(ConfigurationError) as raised:
        _ = Environment({"WEBAPP_THROTTLE": text})[THROTTLE]

    assert str(raised.value) == f"WEBAPP_THROTTLE={text!r} {error}"
