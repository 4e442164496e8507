"""Reads `--fail-if 'TARGET[@LOAD] METRIC > LIMIT'`."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.bills.front_door import FRONT_DOORS
from django_runtimes.compare.gate.gate_metric import METRICS, GateMetric, LoadKind

EVERY_TARGET = "*"
_FORM = "TARGET[@LOAD] METRIC > LIMIT"
# A default run has no p99.
EXAMPLES = ("aws_ecs/pool/direct p50 > 1.2x", "* errors > 0.1%")
_LIMIT = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,12})?)\s*(?P<unit>[A-Za-z%]*)", re.ASCII)
_RATIO_UNIT = "x"


@dataclass(frozen=True)
class FailCondition:
    """A condition under which a run fails; `target` is * for every target.

    Without `load` every steady load counts, and for errors every burst too.

    `limit` is in the unit of the measurements, or a ratio.
    """

    text: str
    target: str
    load: str | None
    metric: GateMetric
    limit: float
    limit_text: str
    is_ratio: bool


def parse_conditions(
    texts: Sequence[str], *, targets: Sequence[str], scenarios: Collection[str]
) -> tuple[FailCondition, ...]:
    """Parse every text; raise UsageError with value, rule and remedy for the first that is invalid."""
    return tuple(_parsed(text, targets, scenarios) for text in texts)


def bill_names(target: str) -> tuple[str, ...]:
    """Return the names of a target's bills; the first one is meant if only the target is named."""
    runtime, slash, rest = target.partition("/")
    if runtime.partition("+")[0] != "aws_lambda":
        return (target,)
    return tuple(f"{runtime}+{front.value}{slash}{rest}" for front in FRONT_DOORS)


def _parsed(text: str, targets: Sequence[str], scenarios: Collection[str]) -> FailCondition:
    left, above, right = text.partition(">")
    subject, *words = left.split() or [""]
    if not above or not words:
        raise UsageError(f"--fail-if {text!r} is not {_FORM!r}; write, for example, {EXAMPLES[0]!r}")
    metric = _metric(text, " ".join(words))
    names = targets
    if metric.load is LoadKind.TRAFFIC:
        names = [*targets, *(bill for target in targets for bill in bill_names(target) if bill not in targets)]
    target, load = _target_and_load(text, subject, names)
    _check_load(text, metric, load, scenarios)
    limit, unit = _limit(text, metric, right.strip())
    return FailCondition(
        text=text,
        target=target,
        load=load,
        metric=metric,
        limit=limit * metric.units.get(unit, 1.0),
        limit_text=f"{limit:g}{unit}",
        is_ratio=unit == _RATIO_UNIT,
    )


def _metric(text: str, name: str) -> GateMetric:
    if name in METRICS:
        return METRICS[name]
    raise UsageError(f"--fail-if {text!r} has no metric {name!r}; {_suggestion(name, METRICS)}")


def _target_and_load(text: str, subject: str, names: Sequence[str]) -> tuple[str, str | None]:
    known = {EVERY_TARGET, *names}
    if subject in known:
        return subject, None
    # The name of a target may contain an @ of its own.
    target, at, load = subject.rpartition("@")
    if at and target in known:
        return target, load
    named = target if at and "/" not in load else subject
    raise UsageError(f"--fail-if {text!r} names no target of the run: {named!r}; {_suggestion(named, names)}")


def _check_load(text: str, metric: GateMetric, load: str | None, scenarios: Collection[str]) -> None:
    if load is None:
        return
    if metric.load is LoadKind.NONE:
        raise UsageError(f"--fail-if {text!r}: {metric.name} has no load; leave out @{load}")
    if metric.load is LoadKind.TRAFFIC:
        if not _is_positive(load):
            raise UsageError(f"--fail-if {text!r}: the load of {metric.name} is {metric.load}, not {load!r}")
        return
    name, colon, rate = load.partition(":")
    if name not in scenarios:
        raise UsageError(f"--fail-if {text!r} has no scenario {name!r}; {_suggestion(name, scenarios)}")
    if colon and not _is_positive(rate):
        raise UsageError(f"--fail-if {text!r}: {rate!r} is no rate; write requests per second, such as {name}:50")


def _limit(text: str, metric: GateMetric, value: str) -> tuple[float, str]:
    match = _LIMIT.fullmatch(value)
    units = {*metric.units, _RATIO_UNIT} if metric.has_ratio else metric.units
    if match is None or match["unit"] not in units:
        forms = " or ".join(repr(form) for form in metric.forms)
        raise UsageError(f"--fail-if {text!r}: {value!r} is no limit of {metric.name}; write, for example, {forms}")
    return float(match["number"]), match["unit"]


def _is_positive(text: str) -> bool:
    match = _LIMIT.fullmatch(text)
    return match is not None and match["unit"] == "" and float(match["number"]) > 0


def _suggestion(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    return f"{meant}choose one of: {', '.join(known)}"
