"""Reads `--set [TARGET:]KEY=VALUE`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.prices.price import Price, PriceList
from django_runtimes.compare.cost.prices.price_file import every_price
from django_runtimes.compare.cost.usage.usage import USAGE_KEYS
from django_runtimes.compare.cost.usage.usage_key import UsageKey
from django_runtimes.config.values.data_paths import Engine

_PRICE_PREFIX = "price."
# No price of AWS comes near this amount, and no figure has more decimals.
_MOST_USD = Decimal(100_000)
_MOST_DECIMALS = 15


@dataclass(frozen=True)
class SettableTarget:
    """A measured target, of which values can be set."""

    name: str
    runtime: str
    route: str
    engine: str = Engine.POSTGRESQL.value


@dataclass(frozen=True)
class UsageSettings:
    """The values of `--set`: for all targets, for single targets, and for prices."""

    values: Mapping[str, Decimal | str] = field(default_factory=dict)
    by_target: Mapping[str, Mapping[str, Decimal | str]] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def of(self, target: str) -> dict[str, Decimal | str]:
        """Return the values for one target; its own values take precedence over those for all targets."""
        return {**self.values, **self.by_target.get(target, {})}

    def priced(self, prices: PriceList) -> PriceList:
        """Return the price list with the prices from `--set`."""
        return prices.replaced(self.prices)


def parse_settings(texts: Sequence[str], targets: Sequence[SettableTarget]) -> UsageSettings:
    """Parse every text; raise UsageError with value, rule and remedy for the first that is invalid or has no effect."""
    by_name = {each.name: each for each in targets}
    values: dict[str, Decimal | str] = {}
    by_target: dict[str, dict[str, Decimal | str]] = {}
    prices: dict[str, Price] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text!r} is not KEY=VALUE; write, for example, --set duration_ms=80")
        # Neither keys nor target names contain a colon.
        target, colon, key = name.rpartition(":")
        if key.startswith(_PRICE_PREFIX) and not colon:
            price = _price(text, key.removeprefix(_PRICE_PREFIX), value)
            prices[price.key] = price
            continue
        known = _known(text, key)
        parsed = _value(text, known, value)
        if not colon:
            _check_effect(text, known, targets)
            values[key] = parsed
        elif target in by_name:
            _check_own_effect(text, known, by_name[target])
            by_target.setdefault(target, {})[key] = parsed
        else:
            raise UsageError(
                f"--set {text!r} names no measured target of the comparison; choose one of: {', '.join(by_name)}"
            )
    return UsageSettings(values, by_target, prices)


def _known(text: str, key: str) -> UsageKey:
    if key in USAGE_KEYS:
        return USAGE_KEYS[key]
    nearest = difflib.get_close_matches(key, USAGE_KEYS, n=1)
    suggestion = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise UsageError(
        f"--set {text!r} has an unknown KEY {key!r}; {suggestion}choose one of: {', '.join(USAGE_KEYS)}, "
        f"or {_PRICE_PREFIX}NAME with the name of a price"
    )


def _check_effect(text: str, key: UsageKey, targets: Iterable[SettableTarget]) -> None:
    if not any(
        key.affects(each.runtime, each.route, each.engine) or key.affects_shared(each.runtime, each.engine)
        for each in targets
    ):
        raise UsageError(
            f"--set {text!r} has no effect, since {key.name} affects only {key.concerned}, of which the comparison "
            "has none; omit it"
        )


def _check_own_effect(text: str, key: UsageKey, target: SettableTarget) -> None:
    if key.affects(target.runtime, target.route, target.engine):
        return
    remedy = "omit it"
    if key.affects_shared(target.runtime, target.engine):
        remedy = f"set it for the whole comparison (--set {text.rpartition(':')[2]})"
    raise UsageError(f"--set {text!r} has no effect, since {key.name} affects only {key.concerned}; {remedy}")


def _value(text: str, key: UsageKey, value: str) -> Decimal | str:
    if key.choices:
        if value not in key.choices:
            raise UsageError(f"--set {text!r}: {key.name} is one of: {', '.join(key.choices)}")
        return value
    number = _number(value)
    if number is None or not key.accepts(number):
        raise UsageError(f"--set {text!r}: {key.name} is {key.rule}; its default is {key.default}")
    return number


def _price(text: str, name: str, value: str) -> Price:
    known = every_price()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1)
        suggestion = f"did you mean {_PRICE_PREFIX}{nearest[0]}? " if nearest else ""
        raise UsageError(f"--set {text!r} names no price; {suggestion}choose one of: {', '.join(known)}")
    number = _number(value)
    if number is None or not 0 <= number <= _MOST_USD:
        price = known[name]
        per = f"{price.per:,} " if price.per != 1 else ""
        raise UsageError(
            f"--set {text!r}: a price is a number from 0 to {_MOST_USD:,}, here in USD per {per}{price.unit}"
        )
    return known[name].with_value(number)


def _number(text: str) -> Decimal | None:
    """Return a finite number with a plain exponent, or None."""
    # int() and Decimal() would accept 1_000 and digits of other scripts.
    if not text.isascii() or "_" in text or text.strip() != text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and -_MOST_DECIMALS <= exponent <= _MOST_DECIMALS else None
