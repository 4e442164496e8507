"""The fixtures of the tests of the bundle of modules."""

from pathlib import Path

import pytest

from tests.integration.entrypoints.bundle.shop import WRITE, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    assert shop.run(WRITE, "shop", "shop.orders").stdout == "2\n"
    return shop
