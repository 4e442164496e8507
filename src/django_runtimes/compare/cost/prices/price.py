"""Prices and billing rules of AWS, with their sources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django_runtimes.cli.tool_error import UsageError

ZERO = Decimal(0)


@dataclass(frozen=True)
class PriceTier:
    """One tier of a price: `value` applies to the units above the quantity `start`."""

    start: Decimal
    value: Decimal


@dataclass(frozen=True)
class Price:
    """A price in USD for `per` units or, if `is_rule`, a billing rule whose value is in `unit`."""

    key: str
    value: Decimal
    unit: str
    source: str
    checked: date
    verified: bool
    per: Decimal = Decimal(1)
    is_rule: bool = False
    tiers: tuple[PriceTier, ...] = ()

    def amount(self, quantity: Decimal) -> Decimal:
        """Return the unrounded USD for a monthly quantity."""
        if not self.tiers:
            return quantity * self.value / self.per
        ends = [*(tier.start for tier in self.tiers[1:]), quantity]
        return sum(
            (
                (min(quantity, end) - tier.start) * tier.value / self.per
                for tier, end in zip(self.tiers, ends, strict=True)
                if quantity > tier.start
            ),
            ZERO,
        )

    @property
    def bounds(self) -> tuple[Decimal, ...]:
        """The quantities at which a tier ends and the next one begins."""
        return tuple(tier.start for tier in self.tiers[1:])

    def with_value(self, value: Decimal) -> "Price":
        """Return this price with `value` for every quantity."""
        return replace(self, value=value, tiers=(), source="--set", verified=True)

    def discounted(self, percent: Decimal) -> "Price":
        """Return this price reduced by a discount in percent."""
        share = 1 - percent / 100
        tiers = tuple(PriceTier(tier.start, tier.value * share) for tier in self.tiers)
        return replace(self, value=self.value * share, tiers=tiers)


def region_remedy(complete_regions: Sequence[str]) -> str:
    """Return the remedy for a region that lacks prices."""
    return (
        f"choose a region with all prices: {', '.join(complete_regions)} (`webapp docs cost` says how to add a region)"
    )


@dataclass(frozen=True)
class PriceList:
    """The prices of one region and the billing rules, by key."""

    region: str
    prices: Mapping[str, Price]
    # The keys that the region lacks, and the regions that have all keys.
    missing: tuple[str, ...] = ()
    complete_regions: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> Price:
        """Return a price; raise UsageError with the remedy if the region has none."""
        price = self.prices.get(key)
        if price is None:
            raise UsageError(self.missing_text(key))
        return price

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices.values())

    def value(self, key: str) -> Decimal:
        """Return the value of a billing rule, or the first value of a price."""
        return self[key].value

    def missing_text(self, key: str) -> str:
        """Return the error for a price that the region lacks, with the names of all that it lacks."""
        missing = self.missing or (key,)
        known = sum(not price.is_rule for price in self)
        remedy = region_remedy(self.complete_regions)
        return (
            f"region {self.region!r} has {known} of {known + len(missing)} prices and lacks {', '.join(missing)}; set "
            f"each (--set price.{missing[0]}=USD), or {remedy}"
        )

    def replaced(self, values: Mapping[str, Price]) -> "PriceList":
        """Return the list with these prices in place of its own."""
        missing = tuple(key for key in self.missing if key not in values)
        return replace(self, prices={**self.prices, **values}, missing=missing)
