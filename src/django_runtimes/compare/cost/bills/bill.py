"""A monthly bill as a list of terms, so that a reader can check every total."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django_runtimes.compare.cost.prices.price import ZERO, Price
from django_runtimes.compare.cost.usage.traffic import SECONDS_PER_MONTH, Traffic

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class BillTerm:
    """A quantity at a price; `formula` describes the calculation of the quantity in words."""

    name: str
    quantity: Decimal
    price: Price
    formula: str
    # The unverified billing rules on which the quantity depends.
    rules: tuple[Price, ...] = ()

    @property
    def usd(self) -> Decimal:
        """The unrounded amount."""
        return self.price.amount(self.quantity)


@dataclass(frozen=True)
class Bill:
    """A bill for one month, as the sum of its terms."""

    terms: tuple[BillTerm, ...]

    @property
    def usd(self) -> Decimal:
        """The unrounded total."""
        return sum((term.usd for term in self.terms), ZERO)

    @property
    def unverified(self) -> tuple[Price, ...]:
        """The unverified prices and rules of the terms."""
        used = (price for term in self.terms for price in (term.price, *term.rules))
        return tuple(dict.fromkeys(price for price in used if not price.verified))

    @property
    def rounded_usd(self) -> Decimal:
        """The total, rounded to the cent."""
        return to_cent(self.usd)


class Billed(Protocol):
    """A target or a shared part that has a monthly bill."""

    @property
    def name(self) -> str:
        """The name in the reports."""
        ...

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        ...

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield every constant rate up to `up_to_rps` at which a quantity may jump or change its slope.

        Between two neighbouring rates each quantity is linear, up to and including the upper rate. Price tiers add no
        rates.
        """
        ...


def to_cent(usd: Decimal) -> Decimal:
    """Round an amount to the cent."""
    return usd.quantize(_CENT, rounding=ROUND_HALF_UP)


def steps(width_rps: Decimal, up_to_rps: Decimal) -> Iterator[Decimal]:
    """Yield the multiples of `width_rps` up to `up_to_rps`."""
    rate_rps = width_rps
    while width_rps > 0 and rate_rps <= up_to_rps:
        yield rate_rps
        rate_rps += width_rps


def allowance_end(free: Decimal, per_request: Decimal) -> Iterator[Decimal]:
    """Yield the rate that uses up a free monthly quantity, if each request uses `per_request` of it."""
    if free > 0 and per_request > 0:
        yield free / (per_request * SECONDS_PER_MONTH)
