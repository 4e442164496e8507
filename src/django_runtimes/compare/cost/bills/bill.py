"""A monthly bill as a list of terms, so that every total can be written out."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django_runtimes.compare.cost.prices.price import ZERO, Price
from django_runtimes.compare.cost.usage.traffic import SECONDS_PER_MONTH, Traffic

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class BillTerm:
    """A quantity at a price; `formula` says in words how the quantity is made."""

    name: str
    quantity: Decimal
    price: Price
    formula: str
    # The billing rules that the quantity rests on, where they are not verified.
    rules: tuple[Price, ...] = ()

    @property
    def usd(self) -> Decimal:
        """The amount, not rounded."""
        return self.price.amount(self.quantity)


@dataclass(frozen=True)
class Bill:
    """The terms of a month."""

    terms: tuple[BillTerm, ...]

    @property
    def usd(self) -> Decimal:
        """The total, not rounded."""
        return sum((term.usd for term in self.terms), ZERO)

    @property
    def unverified(self) -> tuple[Price, ...]:
        """The prices and rules of the terms that were not verified."""
        used = (price for term in self.terms for price in (term.price, *term.rules))
        return tuple(dict.fromkeys(price for price in used if not price.verified))

    @property
    def rounded_usd(self) -> Decimal:
        """The total to the cent."""
        return to_cent(self.usd)


class Billed(Protocol):
    """Something with a monthly bill."""

    @property
    def name(self) -> str:
        """The name in the reports."""
        ...

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        ...

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield every constant rate, up to this one, at which a quantity may jump or change its slope.

        Between two neighbouring rates each quantity is a line, which includes the upper rate. Tiers of prices are no
        concern of this method.
        """
        ...


def to_cent(usd: Decimal) -> Decimal:
    """Round an amount to the cent."""
    return usd.quantize(_CENT, rounding=ROUND_HALF_UP)


def steps(width_rps: Decimal, up_to_rps: Decimal) -> Iterator[Decimal]:
    """Yield the multiples of a width, up to this rate."""
    rate_rps = width_rps
    while width_rps > 0 and rate_rps <= up_to_rps:
        yield rate_rps
        rate_rps += width_rps


def allowance_end(free: Decimal, per_request: Decimal) -> Iterator[Decimal]:
    """Yield the rate at which a free monthly quantity is used up by a quantity of `per_request`."""
    if free > 0 and per_request > 0:
        yield free / (per_request * SECONDS_PER_MONTH)
