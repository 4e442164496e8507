import asyncio

import pytest

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.pins.pin_pass import count_pins
from tests.guestbook import guestbook_workload


@pytest.mark.parametrize(
    "database_url",
    ["postgresql:///shop", "postgresql:///shop?host=/run/postgresql", "postgresql://a:5432,b:5432/shop"],
)
def test_a_database_without_a_single_address_is_an_error(database_url: str):
    environ = {"DATABASE_URL": database_url}

    with pytest.raises(CompareError, match="its database has no single address over TCP"):
        asyncio.run(count_pins(environ, lambda moved: None, guestbook_workload(), None, Ledger("1a", 0)))
