"""The saved run whose reports are tested, and the prices of its bills."""

from pathlib import Path

import pytest

from django_runtimes.compare.cost import analysis
from django_runtimes.compare.record.results import Run
from tests.unit.compare.cost.fixed_prices import PRICES


@pytest.fixture(autouse=True)
def fixed_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "read_prices", lambda region: PRICES)


@pytest.fixture
def run() -> Run:
    """Return a run of four measured targets, with errors and a void block, and one failed target."""
    return Run.from_json(Path(__file__).with_name("run.json").read_text())
