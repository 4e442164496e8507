"""Reads a saved run."""

import json
from pathlib import Path
from typing import NoReturn

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import FILE_NAME, Run
from django_runtimes.compare.record.saved_types import type_mismatches

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
        json.loads(text, parse_constant=_refuse_constant)
        run = Run.from_json(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a run ({error}); {_REMEDY}") from None
    except (CompareError, AttributeError) as error:
        raise UsageError(f"{path}: {error}") from None
    for mismatch in type_mismatches(run):
        raise UsageError(f"{path}: {mismatch}; {_REMEDY}")
    if not run.targets:
        only = "has the results of --claims and no targets" if run.claims else "has no targets"
        raise UsageError(f"{path} {only}; {_REMEDY}")
    return run


def check_histograms(path: Path, run: Run) -> None:
    """Raise UsageError if a histogram of a saved run cannot be read."""
    for target in run.targets:
        for scenario in target.scenarios:
            for block in scenario.blocks:
                # The decoder raises errors of many types.
                try:
                    LatencyHistogram.decoded(block.histogram)
                except Exception as error:
                    raise UsageError(
                        f"{path}: {target.name}: a histogram of {scenario.name} cannot be read "
                        f"({type(error).__name__}); {_REMEDY}"
                    ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it contains {name}, which is not a number")
