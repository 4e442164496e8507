"""A monthly bill as a list of terms, so that a reader can check every total."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django_runtimes.compare.cost.prices.price import ZERO, Price
from django_runtimes.compare.cost.usage.traffic import SECONDS_PER_MONTH, Traffic

UNVERIFIED_MARK, ASSUMED_MARK = "*", "†"
_CENT = Decimal("0.01")
# From this amount on, cents mean nothing, and the digits would not fit into a column.
_SHORTENED_USD = Decimal(10_000_000_000)


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
    # The requests/s that a task or an instance is assumed to keep up with; None if they are measured, set or not used.
    assumed_capacity_rps: Decimal | None = None
    # What these requests/s are the capacity of.
    capacity_of: str = "a task or an instance"

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
    def assumed(self) -> tuple[str, ...]:
        """The KEYs of assumed values that decide how many tasks or instances there are."""
        return () if self.assumed_capacity_rps is None else ("capacity_rps",)

    @property
    def rounded_usd(self) -> Decimal:
        """The total, rounded to the cent."""
        return to_cent(self.usd)

    @property
    def mark(self) -> str:
        """The marks of an amount that depends on an unverified price or rule, or on an assumed capacity."""
        unverified = UNVERIFIED_MARK if self.unverified else ""
        return f"{unverified}{'' if self.assumed_capacity_rps is None else ASSUMED_MARK}"

    @property
    def text(self) -> str:
        """The total with its mark, such as "108.69*"."""
        return f"{usd_text(self.usd)}{self.mark}"


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


class BilledTarget(Billed, Protocol):
    """A target with its own bill, whose choices are named wherever its bill stands."""

    @property
    def setup(self) -> str:
        """The choices that the bill contains, such as "HTTP API, 1,769 MB on x86"."""
        ...

    def brief_setup(self, traffic: Traffic) -> str:
        """The choice that matters most, such as "behind an HTTP API" or "with 2 tasks"."""
        ...


def usd_text(usd: Decimal) -> str:
    """Return an amount with its cents, or a very large one with three digits: 1,204.50, 2.63e+11."""
    return f"{usd:.3g}" if abs(usd) >= _SHORTENED_USD else f"{to_cent(usd):,}"


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
