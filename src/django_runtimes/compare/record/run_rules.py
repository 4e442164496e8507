"""The rules between the values of a saved run, beyond their types."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from django_runtimes.compare.record.claim_result import ClaimResult
from django_runtimes.compare.record.results import BlockResult, Latency, Run, ScenarioResult, TargetResult
from django_runtimes.compare.record.stream_result import StreamResult
from django_runtimes.compare.targets.cold_starts import ColdStarts
from django_runtimes.compare.targets.start_report import StartPhases
from django_runtimes.config.values.connection_strategy import Route, Strategy
from django_runtimes.config.values.runtime import Runtime

# A claim can be about a decrease. The parts of a start come from two clocks.
_MAY_BE_NEGATIVE = (ClaimResult, StartPhases)
_POSITIVE = frozenset({"rate_rps", "interval_s"})
_DATES = ("started_at", "finished_at")
_LABELS = ("emulated", "deployed")
_WRITES = ("checked", "not checked", "none")


def rule_violations(run: Run) -> Iterator[str]:
    """Yield a text with the JSON path, the value and the rule for each value that cannot be measured."""
    yield from _environment(run)
    yield from _repeated("targets", "name", (target.name for target in run.targets))
    for index, target in enumerate(run.targets):
        place = f"targets[{index}]"
        yield from _signs(target, place)
        yield from _target(target, place)


def _environment(run: Run) -> Iterator[str]:
    environment = run.environment
    for name in _DATES:
        value = environment.get(name)
        if value is not None and not _is_date(value):
            yield f"environment.{name} is {value!r}, not a date such as 2026-11-23T06:09:12+00:00"
    writes = environment.get("writes")
    if writes is not None:
        yield from _choice("environment.writes", writes, _WRITES)
    yield from _signs(environment, "environment")
    if environment.get("image") is not None:
        details = environment.get("targets", {})
        for target in run.targets:
            if target.name in details and "limits" not in details[target.name]:
                yield f"environment.targets.{target.name}.limits is missing, and containers of an image have limits"


def _signs(value: object, place: str) -> Iterator[str]:
    """Yield the numbers that are too low, at any depth."""
    if isinstance(value, _MAY_BE_NEGATIVE):
        return
    if is_dataclass(value):
        for field in fields(value):
            inside, item = f"{place}.{field.name}", getattr(value, field.name)
            if field.name in _POSITIVE and isinstance(item, int | float) and item <= 0:
                yield f"{inside} is {item!r}, not above 0"
            else:
                yield from _signs(item, inside)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _signs(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _signs(item, f"{place}.{key}")
    elif isinstance(value, int | float) and value < 0:
        yield f"{place} is {value!r}, below 0"


def _target(target: TargetResult, place: str) -> Iterator[str]:
    yield from _choice(f"{place}.runtime", target.runtime, Runtime)
    yield from _choice(f"{place}.strategy", target.strategy, Strategy)
    yield from _choice(f"{place}.route", target.route, Route)
    yield from _choice(f"{place}.label", target.label, _LABELS)
    if target.status == "failed" and target.error is None:
        yield f"{place}.error is None, and a failed target has an error"
    yield from _repeated(f"{place}.scenarios", "name and rate_rps", ((s.name, s.rate_rps) for s in target.scenarios))
    for index, scenario in enumerate(target.scenarios):
        yield from _scenario(scenario, f"{place}.scenarios[{index}]")
    yield from _repeated(f"{place}.streams", "name", (stream.name for stream in target.streams))
    for index, stream in enumerate(target.streams):
        yield from _stream(stream, f"{place}.streams[{index}]")
    yield from _cold_starts(target.cold_start_ms, f"{place}.cold_start_ms")
    ambiguous = target.ambiguous
    yield from _at_most(f"{place}.ambiguous", committed=ambiguous.committed, sent=ambiguous.sent)
    if target.connections.peak is not None:
        yield from _at_most(f"{place}.connections", mean=target.connections.mean, peak=target.connections.peak)


def _scenario(scenario: ScenarioResult, place: str) -> Iterator[str]:
    yield from _counts(scenario, place)
    yield from _at_most(place, errors=sum(scenario.errors.values()), sent=scenario.sent)
    yield from _at_most(place, void_blocks=scenario.void_blocks, blocks=len(scenario.blocks))
    yield from _percentiles(scenario.latency_ms, f"{place}.latency_ms")
    yield from _repeated(f"{place}.blocks", "index", (block.index for block in scenario.blocks))
    for index, block in enumerate(scenario.blocks):
        yield from _counts(block, f"{place}.blocks[{index}]")


def _stream(stream: StreamResult, place: str) -> Iterator[str]:
    first, last = stream.first_byte_ms, stream.last_byte_ms
    if len(first) != len(last):
        yield f"{place}.first_byte_ms has {len(first)} values, and {place}.last_byte_ms has {len(last)}"
    answered = len(last) + sum(stream.errors.values())
    yield from _at_most(place, answers=answered, sent=stream.sent)
    for index, (first_ms, last_ms) in enumerate(zip(first, last, strict=False)):
        if first_ms > last_ms:
            yield f"{place}.first_byte_ms[{index}] is {first_ms!r}, above {place}.last_byte_ms[{index}] of {last_ms!r}"


def _counts(counted: ScenarioResult | BlockResult, place: str) -> Iterator[str]:
    yield from _at_most(place, ok=counted.ok, sent=counted.sent)
    yield from _at_most(place, late=counted.late, sent=counted.sent)


def _percentiles(latency: Latency, place: str) -> Iterator[str]:
    known = [(name, getattr(latency, name)) for name in ("p50", "p90", "p99", "max")]
    known = [(name, value) for name, value in known if value is not None]
    for (low, low_ms), (high, high_ms) in pairwise(known):
        yield from _at_most(place, **{low: low_ms, high: high_ms})


def _cold_starts(starts: ColdStarts, place: str) -> Iterator[str]:
    phases = starts.phases
    for name in ("ready_ms", "first_response_ms", "split"):
        values = getattr(phases, name)
        # The files of earlier versions have no split.
        if len(values) != starts.n and (values or name != "split"):
            yield f"{place}.phases.{name} has {len(values)} values, and {place}.n is {starts.n}"
    if starts.p50 is not None and starts.max is not None:
        yield from _at_most(place, p50=starts.p50, max=starts.max)


def _at_most(place: str, **values: float | None) -> Iterator[str]:
    """Yield a text if the first of two values is above the second."""
    (low, low_value), (high, high_value) = values.items()
    if low_value is not None and high_value is not None and low_value > high_value:
        yield f"{place}.{low} is {low_value!r}, above {place}.{high}, which is {high_value!r}"


def _choice(place: str, value: object, choices: Iterable[str] | type[StrEnum]) -> Iterator[str]:
    known = [str(choice) for choice in choices]
    if value not in known:
        yield f"{place} is {value!r}, not one of: {', '.join(known)}"


def _repeated(place: str, key: str, values: Iterable[object]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{place} has {count} items whose {key} is {value!r}, and only one may have it"


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
