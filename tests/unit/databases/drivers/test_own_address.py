"""The doctor's answer for an entry of Oracle whose NAME has the whole address."""

import pytest

from django_runtimes.databases.interface import unadministered_engine
from django_runtimes.databases.interface.examined_server import ExaminedServer
from django_runtimes.databases.oracle.oracle_engine import OracleEngine


class Connected:
    """A connection to a server that has accepted it."""

    def __init__(self, databases):
        self.close_all = self.ensure_connection = lambda: None

    def __getitem__(self, alias):
        return self


class AnsweringOracle(OracleEngine):
    """An engine whose server tells its version."""

    def version_of(self, connection):
        return "Oracle 19"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ({"NAME": "shop_alias"}, "shop_alias"),
        ({"NAME": "db.example:2484/shop", "HOST": "", "PORT": ""}, "db.example:2484/shop"),
        ({"NAME": "shop", "HOST": "db.example", "PORT": ""}, "db.example:1521"),
        ({"NAME": "shop", "HOST": "db.example", "PORT": "2484"}, "db.example:2484"),
    ],
)
def test_the_place_of_a_server(monkeypatch, address, place):
    monkeypatch.setattr(unadministered_engine, "ConnectionHandler", Connected)

    answer = AnsweringOracle().ask_server({"USER": "app", "OPTIONS": {}, **address})

    assert isinstance(answer, ExaminedServer)
    assert (answer.place, answer.version) == (place, "Oracle 19")
