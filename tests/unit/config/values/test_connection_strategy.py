import pytest

from django_runtimes.config.values.connection_strategy import PerRequest, Persistent, Pool, connections_of


@pytest.mark.parametrize("connections", [PerRequest(), Persistent(), Persistent(60), Pool(), Pool(60, 2, 9)])
def test_a_strategy_is_read_back_from_its_django_settings(connections):
    assert connections_of(connections.as_django()) == connections


@pytest.mark.parametrize(
    ("database", "connections"),
    [
        ({}, PerRequest()),
        ({"CONN_MAX_AGE": None}, Persistent()),
        ({"OPTIONS": {"pool": True}}, Pool(max_size=4, min_size=4, timeout_s=30)),
        ({"OPTIONS": {"pool": {"min_size": 2}}}, Pool(max_size=2, min_size=2, timeout_s=30)),
        ({"OPTIONS": {"pool": {}}}, PerRequest()),
    ],
)
def test_a_handwritten_entry_is_read_as_django_and_psycopg_read_it(database, connections):
    assert connections_of(database) == connections
