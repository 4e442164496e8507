"""The limits that a user states for the targets, and the traffic at which bills are judged."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.cost.usage.traffic import JUDGED_RATE_RPS, Traffic

# The longest latency that a histogram holds, and amounts far beyond any account.
MAX_LIMIT_MS, MAX_LIMIT_USD, MAX_REQUESTS = 120_000.0, 1e9, 1e12
_BOUNDS = {"max_p99_ms": MAX_LIMIT_MS, "max_usd_per_month": MAX_LIMIT_USD, "requests_per_month": MAX_REQUESTS}


@dataclass(frozen=True)
class StatedLimits:
    """A target's highest accepted p99 and monthly bill, and the requests per month; None where none is stated."""

    max_p99_ms: float | None = None
    max_usd_per_month: float | None = None
    requests_per_month: float | None = None

    @classmethod
    def of_environment(cls, environment: Mapping[str, Any]) -> Self:
        """Return the limits in a run's `environment`; raise CompareError for a value that is not a limit."""
        saved = environment.get("limits", {})
        if not isinstance(saved, Mapping):
            raise CompareError(f"the run's limits are {saved!r}, not an object; use the file of a finished run")
        return cls(**{name: _checked(name, saved.get(name), maximum) for name, maximum in _BOUNDS.items()})

    def saved(self) -> dict[str, float | None]:
        """Return the limits in the form of a run's `environment`."""
        return asdict(self)

    @property
    def are_stated(self) -> bool:
        """Whether there is a limit to judge the targets by."""
        return self.max_p99_ms is not None or self.max_usd_per_month is not None

    @property
    def traffic(self) -> Traffic:
        """The traffic at which bills are judged: the stated one, or 10 requests per second."""
        if self.requests_per_month is None:
            return Traffic.constant(JUDGED_RATE_RPS)
        return Traffic.monthly(_decimal(self.requests_per_month))

    @property
    def max_usd(self) -> Decimal | None:
        """The highest accepted bill as an exact amount."""
        return None if self.max_usd_per_month is None else _decimal(self.max_usd_per_month)

    def texts(self) -> Iterator[str]:
        """Yield each limit in words, such as "a p99 of at most 200 ms"."""
        if self.max_p99_ms is not None:
            yield f"a p99 of at most {_decimal(self.max_p99_ms):,f} ms"
        if self.max_usd is not None:
            yield f"at most {self.max_usd:,f} USD per month at {self.traffic.name}"


def _checked(name: str, value: object, maximum: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= maximum:
        raise CompareError(
            f"the run's limit {name} is {value!r}, not a number above 0 and up to {maximum:,.0f}; "
            "use the file of a finished run"
        )
    return float(value)


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.12g}").quantize(Decimal(1)) if value == int(value) else Decimal(f"{value:.12g}")
