"""A small saved run with every part, and every damage of one of its values."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_FIXTURE = Path(__file__).parents[1] / "report" / "run.json"
_MISSING = object()
_VALUES: tuple[object, ...] = (_MISSING, None, -1, -0.5, 10**30, 1e300, True, "x", [], {}, [[]], [5])


class Damage(NamedTuple):
    """The place of a value in a run, and the value that stands there instead."""

    path: tuple[str | int, ...]
    value: object

    def __str__(self) -> str:
        shown = "missing" if self.value is _MISSING else repr(self.value)
        return f"{'.'.join(map(str, self.path))}={shown}"

    def applied_to(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return a damaged copy of a run."""
        damaged: Any = copy.deepcopy(run)
        parent = damaged
        for step in self.path[:-1]:
            parent = parent[step]
        if self.value is _MISSING:
            del parent[self.path[-1]]
        else:
            parent[self.path[-1]] = self.value
        return damaged


def small_run() -> dict[str, Any]:
    """Return the JSON of a run with two blocks of each load, a failed target and a whole environment."""
    run = json.loads(_FIXTURE.read_text())
    first, failed, last = run["targets"][0], run["targets"][2], run["targets"][4]
    for target in (first, last):
        target["scenarios"] = [_shortened(target["scenarios"][index]) for index in (0, 2)]
        target["backends"] = {"interval_s": 0.5, "peaks": [1, 4, 8]}
        target["streams"] = [
            {
                "name": "export",
                "sent": 4,
                "errors": {"status_503": 1},
                "first_byte_ms": [3.1, 3.0, 3.4],
                "last_byte_ms": [9.0, 9.2, 8.9],
                "size_kb": 26.2,
                "billed_ms": 8.5,
            }
        ]
    run["targets"] = [first, failed, last]
    run["environment"] |= {
        "finished_at": "2026-11-23T06:09:12+00:00",
        "interrupted": False,
        "planned_blocks": 8,
        "virtual_users": 0,
        "writes": "checked",
        "plan": {
            "budget_s": 900.0,
            "pairs": 30,
            "load_shares": [0.5],
            "rates_rps": {"read": [25.0], "write": [25.0]},
            "burst_size": 40,
            "balanced_weight": 0.5,
        },
        "limits": {"max_p99_ms": 50.0, "max_usd_per_month": 500.0, "requests_per_month": 1_000_000.0},
        "phases": {"first requests": 0.5, "steady load": 4.5},
        "image": {"reference": "shop:1", "engine": "podman 4.3.1", "container_start_ms": 131.0},
        "machine": {"kernel": "Linux 6.1.0", "cpu": "a CPU", "cpus": 2, "memory_mb": 8_000, "limits": "none"},
        "packages": {"django": "5.2.8"},
        "targets": {target["name"]: {"limits": "1 CPU and 2,048 MB"} for target in run["targets"]},
    }
    return run


def every_damage(run: dict[str, Any]) -> Iterator[Damage]:
    """Yield each damage of each value, and of each object and list."""
    for path in _paths(run, ()):
        for value in _VALUES:
            yield Damage(path, value)


def _shortened(scenario: dict[str, Any]) -> dict[str, Any]:
    return {**scenario, "blocks": scenario["blocks"][:2], "void_blocks": 0}


def _paths(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))
