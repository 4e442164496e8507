import pytest

from django_runtimes.compare.cost import analysis
from tests.unit.compare.cost.fixed_prices import PRICES


@pytest.fixture(autouse=True)
def fixed_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "read_prices", lambda region: PRICES)
