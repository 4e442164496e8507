"""Reading and comparing the timeouts of a role."""

import pytest

from django_runtimes.databases.postgresql.administration.role_timeouts import RoleTimeouts, _parsed


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [
        (None, None),
        ("0", 0),
        ("8000", 8_000),
        ("8s", 8_000),
        ("8 s", 8_000),
        ("1.5s", 1_500),
        ("2min", 120_000),
        ("1h", 3_600_000),
        ("1d", 86_400_000),
        ("500us", 0),
    ],
)
def test_a_duration_is_read_as_postgresql_reads_it(text, duration_ms):
    assert _parsed(text) == duration_ms


def test_an_invalid_duration_is_an_error():
    with pytest.raises(ValueError, match="'soon' is not a duration"):
        _parsed("soon")


def test_a_timeout_of_zero_is_reported_as_missing():
    assert RoleTimeouts(0, None).missing() == ["statement_timeout", "idle_in_transaction_session_timeout"]
    assert RoleTimeouts(8_000, 5_000).missing() == []
