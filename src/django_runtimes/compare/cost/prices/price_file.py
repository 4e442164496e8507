"""Reads the file of prices."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.prices.price import Price, PriceList, PriceTier, region_remedy

PRICE_FILE = Path(__file__).with_name("prices.toml")
DEFAULT_REGION = "us-east-1"


def read_prices(region: str = DEFAULT_REGION, path: Path = PRICE_FILE) -> PriceList:
    """Return the prices of a region with the billing rules; raise UsageError for a region without any price."""
    content = _content(path)
    regions = content["prices"]
    if region not in regions:
        raise UsageError(f"--region {region!r} has no prices; {region_remedy(complete_regions(path))}")
    every_key = dict.fromkeys(key for entries in regions.values() for key in entries)
    prices = {key: _price(key, entry, is_rule=False) for key, entry in regions[region].items()}
    rules = {key: _price(key, entry, is_rule=True) for key, entry in content["rules"].items()}
    missing = tuple(key for key in every_key if key not in prices)
    return PriceList(region, {**prices, **rules}, missing, complete_regions(path))


def complete_regions(path: Path = PRICE_FILE) -> tuple[str, ...]:
    """Return the regions that have every price."""
    regions = _content(path)["prices"]
    count = len({key for entries in regions.values() for key in entries})
    return tuple(name for name, entries in regions.items() if len(entries) == count)


def every_price(path: Path = PRICE_FILE) -> dict[str, Price]:
    """Return each key with its price in the first region that has one, for names and units."""
    found: dict[str, Price] = {}
    for entries in _content(path)["prices"].values():
        for key, entry in entries.items():
            found.setdefault(key, _price(key, entry, is_rule=False))
    return found


@cache
def _content(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _price(key: str, entry: Mapping[str, Any], *, is_rule: bool) -> Price:
    """Return one entry; raise ValueError with the key if a field is missing or has another type."""
    try:
        return Price(
            key=key,
            value=_amount(entry["value"]),
            unit=entry["unit"],
            source=entry["source"],
            checked=_date(entry["date"]),
            verified=entry["verified"],
            per=Decimal(entry.get("per", 1)),
            is_rule=is_rule,
            tiers=tuple(PriceTier(_amount(tier["start"]), _amount(tier["value"])) for tier in entry.get("tiers", ())),
        )
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(
            f"price {key!r} is incomplete ({type(error).__name__}: {error}); correct prices.toml"
        ) from error


def _date(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"date is {value!r}, not a date")
    return value


def _amount(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value < 0:
        raise InvalidOperation(f"{text!r} is not a number from 0 on")
    return value
