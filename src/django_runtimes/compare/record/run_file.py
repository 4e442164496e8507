"""Reads a saved run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.recorded_environment import RecordedEnvironment
from django_runtimes.compare.record.results import FILE_NAME, SCHEMA, Run
from django_runtimes.compare.record.run_rules import rule_violations
from django_runtimes.compare.record.saved_types import json_mismatches

# A run of a million samples takes up only a few MB, since its histograms are compressed.
_MOST_BYTES = 256 * 2**20
_REMEDY = f"name the {FILE_NAME} that webapp compare wrote"


def read_run(path: Path) -> Run:
    """Return a saved run; raise UsageError with the remedy for an invalid file."""
    if path.is_dir():
        inside = path / FILE_NAME
        hint = f"name {inside}" if inside.is_file() else _REMEDY
        raise UsageError(f"{path} is a folder; {hint}")
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES // 2**20} MB, the limit for a run; {_REMEDY}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); {_REMEDY}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; {_REMEDY}") from None
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a run ({error}); {_REMEDY}") from None
    if not isinstance(values, Mapping):
        raise UsageError(f"{path} is not a run, which is a JSON object; {_REMEDY}")
    schema = values.get("schema")
    if schema == SCHEMA and not isinstance(schema, bool):
        for problem in _problems(values):
            raise UsageError(f"{path}: {problem}; {_REMEDY}")
    try:
        run = Run.from_json(text)
    except CompareError as error:
        raise UsageError(f"{path}: {error}") from None
    for problem in rule_violations(run):
        raise UsageError(f"{path}: {problem}; {_REMEDY}")
    if not run.targets:
        only = "has the results of --claims and no targets" if run.claims else "has no targets"
        raise UsageError(f"{path} {only}; {_REMEDY}")
    return run


def _problems(values: Mapping[str, object]) -> Iterator[str]:
    parts = {name: value for name, value in values.items() if name != "schema"}
    yield from json_mismatches(parts, Run)
    yield from json_mismatches(parts.get("environment"), RecordedEnvironment, "environment")


def check_histograms(path: Path, run: Run) -> None:
    """Raise UsageError if a histogram of a saved run cannot be read, or has more samples than requests were sent."""
    for index, target in enumerate(run.targets):
        for at, scenario in enumerate(target.scenarios):
            for number, block in enumerate(scenario.blocks):
                place = f"targets[{index}].scenarios[{at}].blocks[{number}]"
                for name in ("histogram", "histogram_from_send"):
                    _check_histogram(path, f"{place}.{name}", getattr(block, name), block.sent)


def _check_histogram(path: Path, place: str, text: str, sent: int) -> None:
    # The decoder raises errors of many types.
    try:
        count = LatencyHistogram.decoded(text).count
    except Exception as error:
        raise UsageError(f"{path}: {place} cannot be read ({type(error).__name__}); {_REMEDY}") from error
    if count > sent:
        raise UsageError(f"{path}: {place} has {count} samples, and the block sent {sent} requests; {_REMEDY}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it contains {name}, which is not a number")
