"""The prices of November 2026, which stay the same when prices.toml is refreshed."""

from pathlib import Path

from django_runtimes.compare.cost.prices.price_file import read_prices

PRICES = read_prices(path=Path(__file__).with_name("prices_2026_11.toml"))
