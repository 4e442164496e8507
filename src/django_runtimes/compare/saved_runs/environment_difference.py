"""The differences between the environments of two runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# These values differ between any two runs, or are what the user compares.
_EXPECTED = frozenset(
    {
        "run_id", "started_at", "finished_at", "interrupted", "planned_blocks", "revision",
        "machine.busy_cpus_before", "image.container_start_ms",
    }
)  # fmt: skip
# The phases of a run begin at other moments each time.
_EXPECTED_PREFIXES = ("machine.busy_programs_before.", "phases.")
# The parts of an environment that explain most come first, and the details of each target last.
_ORDER = (
    "workload", "machine", "python", "lock_file_sha256", "packages", "image", "postgresql", "mariadb", "pgbouncer",
    "data_api", "plan",
)  # fmt: skip
_LAST = "targets"
# The numbers of processes that a target needed.
_EXPECTED_DETAILS = ("execution environments started", "execution environments failed")
_ABSENT = "absent"


@dataclass(frozen=True)
class EnvironmentDifference:
    """A value that differs between the environments of two runs, by its dotted name in run.json."""

    name: str
    first: str
    second: str


def environment_differences(
    first: Mapping[str, object], second: Mapping[str, object]
) -> tuple[EnvironmentDifference, ...]:
    """Return the differences that may explain a difference of the measurements, the most important first."""
    flat_first, flat_second = dict(_flat(first)), dict(_flat(second))
    return tuple(
        EnvironmentDifference(name, flat_first.get(name, _ABSENT), flat_second.get(name, _ABSENT))
        for name in sorted({**flat_first, **flat_second}, key=_rank)
        if not _is_expected(name) and flat_first.get(name) != flat_second.get(name)
    )


def _rank(name: str) -> int:
    part = name.partition(".")[0]
    if part in _ORDER:
        return _ORDER.index(part)
    return len(_ORDER) + (part == _LAST)


def _is_expected(name: str) -> bool:
    return name in _EXPECTED or name.startswith(_EXPECTED_PREFIXES) or name.endswith(_EXPECTED_DETAILS)


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, Mapping):
            yield f"{prefix}{name}", _text(value)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "none"
    return "none" if value is None else str(value)
