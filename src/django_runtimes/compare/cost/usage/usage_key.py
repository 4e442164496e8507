"""A KEY of `--set`: its values, and the targets whose figures it affects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django_runtimes.config.values.data_paths import Engine

LAMBDA = ("aws_lambda",)
ECS = ("aws_ecs",)
APP_RUNNER = ("aws_app_runner",)
CONTAINERS = (*ECS, *APP_RUNNER)
# Functions on Managed Instances, whose EC2 instances are billed in place of durations.
MANAGED = ("aws_lambda+managed",)
FUNCTIONS = (*LAMBDA, *MANAGED)
# The runtimes whose number of tasks, instances or execution environments follows from their capacity.
SCALED = (*CONTAINERS, *MANAGED)
BILLED = (*FUNCTIONS, *CONTAINERS)
EVERY = ("*",)
# The engine of the priced databases.
PRICED_ENGINES = (Engine.POSTGRESQL.value,)
# The routes on which a target holds connections.
CONNECTED = ("direct", "proxy")
NO_TARGET: tuple[str, ...] = ()
_WHOLE = Decimal(1)


@dataclass(frozen=True)
class UsageKey:
    """A KEY of `--set`: a number within bounds, or one of the choices.

    `runtimes` and `routes` are those of the targets whose own figures it affects. It also affects a part that all
    targets share, or an option, if one of the runtimes in `shared` is in the comparison. It affects neither for a
    target on an engine that is not in `engines`.
    """

    name: str
    default: Decimal | str
    meaning: str
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(1_000_000)
    # AWS bills only multiples of it; None if every number makes sense.
    step: Decimal | None = None
    choices: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = EVERY
    routes: tuple[str, ...] = EVERY
    shared: tuple[str, ...] = NO_TARGET
    engines: tuple[str, ...] = EVERY
    # The defaults of single runtimes, in place of `default`.
    runtime_defaults: Mapping[str, Decimal] = field(default_factory=dict)

    def affects(self, runtime: str, route: str, engine: str) -> bool:
        """Whether the key affects the own figures of a target with this runtime, route and engine."""
        return _includes(self.runtimes, runtime) and _includes(self.routes, route) and self.is_for(engine)

    def affects_shared(self, runtime: str, engine: str) -> bool:
        """Whether the key affects a shared part or an option of a comparison with such a target."""
        return _includes(self.shared, runtime) and self.is_for(engine)

    def is_for(self, engine: str) -> bool:
        """Whether the key can affect a figure of a target on this engine."""
        return _includes(self.engines, engine)

    def accepts(self, number: Decimal) -> bool:
        """Whether the number is within the bounds, and a multiple of the step."""
        return self.low <= number <= self.high and (self.step is None or number % self.step == 0)

    @property
    def rule(self) -> str:
        """The rule for a value, such as "a whole number from 0 tasks to 1,000 tasks"."""
        kind = {None: "a number", _WHOLE: "a whole number"}.get(self.step, f"a multiple of {self.step}")
        return f"{kind} from {usage_text(self, self.low)} to {usage_text(self, self.high)}"

    @property
    def concerned(self) -> str:
        """The targets and parts whose figures it affects, for a list of all keys."""
        parts = []
        if self.runtimes:
            runtimes = "all" if self.runtimes == EVERY else ", ".join(self.runtimes)
            parts.append(runtimes if self.routes == EVERY else f"{runtimes} on the route {', '.join(self.routes)}")
        if self.shared:
            parts.append("shared parts" if self.shared == EVERY else f"options of {', '.join(self.shared)}")
        return f"{'; '.join(parts)}{'' if self.engines == EVERY else ', on PostgreSQL'}"


def usage_text(key: UsageKey, value: Decimal | str) -> str:
    """Return a value with its unit, such as "1,769 MB" or "x86"."""
    if isinstance(value, str):
        return value
    return f"{value.normalize():,f} {key.unit}".strip()


def number_key(unit: str, meaning: str, *, low: str = "0", high: str = "1000000", **fields: Any) -> dict[str, Any]:
    """Return the fields of a key with any number between two bounds."""
    return {"unit": unit, "meaning": meaning, "low": Decimal(low), "high": Decimal(high), **fields}


def whole_key(unit: str, meaning: str, *, low: str = "0", high: str = "1000000", **fields: Any) -> dict[str, Any]:
    """Return the fields of a key for whole things, of which AWS bills no fractions."""
    return number_key(unit, meaning, low=low, high=high, step=_WHOLE, **fields)


def choice_key(choices: tuple[str, ...], meaning: str, **fields: Any) -> dict[str, Any]:
    """Return the fields of a key with a list of choices."""
    return {"meaning": meaning, "choices": choices, **fields}


# Keys of databases, RDS Proxy and the Data API.
priced_number = partial(number_key, engines=PRICED_ENGINES)
priced_whole = partial(whole_key, engines=PRICED_ENGINES)
priced_choice = partial(choice_key, engines=PRICED_ENGINES)


def _includes(names: tuple[str, ...], name: str) -> bool:
    return names == EVERY or name in names
