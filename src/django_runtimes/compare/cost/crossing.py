"""The rates at which one bill becomes cheaper than another, exactly, although bills are step functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, islice, pairwise

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.prices.price import ZERO
from django_runtimes.compare.cost.usage.traffic import Traffic

# Two amounts that differ by less than this are equal, since divisions are rounded to 28 digits.
_EQUAL_USD = Decimal("1e-12")
# This is far beyond an account's quotas.
_MOST_STAIRS = 10_010


@dataclass(frozen=True)
class Crossing:
    """A rate up to which one bill is lower, and above which the other bill is lower."""

    rate_rps: Decimal
    cheaper_below: str
    cheaper_above: str


@dataclass(frozen=True)
class LinearPiece:
    """A line from just above the rate `start` to `end`, with the amounts at both ends."""

    start: Decimal
    end: Decimal
    start_usd: Decimal
    end_usd: Decimal

    def usd(self, rate_rps: Decimal) -> Decimal:
        """Return the amount at a rate of the piece; at `start`, the limit from above."""
        if rate_rps == self.end:
            return self.end_usd
        share = (rate_rps - self.start) / (self.end - self.start)
        return self.start_usd + (self.end_usd - self.start_usd) * share


def linear_pieces(billed: Billed, up_to_rps: Decimal) -> tuple[LinearPiece, ...]:
    """Return the bill as lines over all rates from 0 to a limit; raise UsageError for too many stairs."""
    breaks = list(islice(billed.breaks(up_to_rps), _MOST_STAIRS + 1))
    if len(breaks) > _MOST_STAIRS:
        raise UsageError(
            f"{billed.name} would add more than {_MOST_STAIRS:,} tasks or instances up to {up_to_rps:,f} requests/s; "
            "raise capacity_rps, utilization, max_concurrency or processes, or lower duration_ms or stream_s (--set)"
        )
    rates = sorted({ZERO, up_to_rps, *(rate_rps for rate_rps in breaks if 0 < rate_rps < up_to_rps)})
    rates += [kink for start, end in pairwise(rates) for kink in _tier_kinks(billed, start, end)]
    return tuple(_piece(billed, start, end) for start, end in pairwise(sorted(rates)))


def _piece(billed: Billed, start: Decimal, end: Decimal) -> LinearPiece:
    # The bill at `start` belongs to the previous piece, so extrapolate the beginning of this one from its middle.
    middle_usd, end_usd = (billed.bill(Traffic.constant(rate_rps)).usd for rate_rps in ((start + end) / 2, end))
    return LinearPiece(start, end, 2 * middle_usd - end_usd, end_usd)


def _tier_kinks(billed: Billed, start: Decimal, end: Decimal) -> Iterator[Decimal]:
    """Yield the rates between `start` and `end` at which a linear quantity enters another tier of its price."""
    middle, last = (billed.bill(Traffic.constant(rate_rps)).terms for rate_rps in ((start + end) / 2, end))
    for term, last_term in zip(middle, last, strict=True):
        first_quantity = 2 * term.quantity - last_term.quantity
        for bound in term.price.bounds:
            if first_quantity < bound < last_term.quantity:
                yield start + (end - start) * (bound - first_quantity) / (last_term.quantity - first_quantity)


def all_crossings(billed: Sequence[Billed], up_to_rps: Decimal) -> tuple[Crossing, ...]:
    """Return the crossings of every pair, ordered by pair and rate."""
    pieces = [(each.name, linear_pieces(each, up_to_rps)) for each in billed]
    return tuple(
        crossing
        for (first, first_pieces), (second, second_pieces) in combinations(pieces, 2)
        for crossing in _pair_crossings(first, first_pieces, second, second_pieces)
    )


def _pair_crossings(
    first: str, first_pieces: Sequence[LinearPiece], second: str, second_pieces: Sequence[LinearPiece]
) -> Iterator[Crossing]:
    """Yield the rates at which the sign of the difference `first` - `second` changes."""
    sign = 0
    for start, end, start_difference, end_difference in _differences(first_pieces, second_pieces):
        for rate_rps, difference in ((start, start_difference), (end, end_difference)):
            next_sign = _sign(difference)
            if next_sign == 0:
                continue
            if sign not in (0, next_sign):
                is_jump = rate_rps == start
                crossed = start if is_jump else _root(start, end, start_difference, end_difference)
                names = (first, second) if next_sign > 0 else (second, first)
                yield Crossing(crossed, *names)
            sign = next_sign


def _differences(
    first: Sequence[LinearPiece], second: Sequence[LinearPiece]
) -> Iterator[tuple[Decimal, Decimal, Decimal, Decimal]]:
    """Yield intervals in which both bills are linear, with the difference `first` - `second` at both ends."""
    left, right = iter(first), iter(second)
    one, other = next(left, None), next(right, None)
    start = ZERO
    while one is not None and other is not None:
        end = min(one.end, other.end)
        yield start, end, one.usd(start) - other.usd(start), one.usd(end) - other.usd(end)
        start = end
        if one.end == end:
            one = next(left, None)
        if other.end == end:
            other = next(right, None)


def _root(start: Decimal, end: Decimal, start_difference: Decimal, end_difference: Decimal) -> Decimal:
    """Return the rate at which a line reaches zero."""
    if _sign(start_difference) == 0:
        return start
    return start + (end - start) * start_difference / (start_difference - end_difference)


def _sign(difference: Decimal) -> int:
    if abs(difference) < _EQUAL_USD:
        return 0
    return 1 if difference > 0 else -1
