"""Records the environment of a run, so that a reader can judge and repeat the run."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from django_runtimes.compare.cost.prices.price_file import read_prices
from django_runtimes.compare.meters.other_load import OtherLoad
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.emulation import Emulation
from django_runtimes.compare.run.route_servers import RouteServers
from django_runtimes.compare.run.time_limit import TimeLimit
from django_runtimes.compare.services.postgres import NO_TLS
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.workload import Scenario
from django_runtimes.config.values.profile import PROFILES
from django_runtimes.config.values.runtime import Runtime


def record_environment(
    plan: ComparisonPlan,
    *,
    run_id: str,
    other_load: OtherLoad,
    rates_rps: Mapping[Scenario, Sequence[float]],
    phases: Mapping[str, float],
    emulation: Emulation | None,
    targets: Mapping[str, Mapping[str, str]],
    planned_blocks: int,
    interrupted: bool,
    limit: TimeLimit | None = None,
) -> dict[str, Any]:
    """Return the `environment` of run.json; `targets` has each target's details by name."""
    session = plan.workload.session
    codebase = None if emulation is None else emulation.codebase.record()
    routes = RouteServers() if emulation is None else emulation.routes
    proxy, data_api = routes.proxy, routes.data_api
    checked = "not checked" if plan.workload.rows is None else "checked"
    writes = checked if "write" in plan.workload.scenarios else "none"
    return {
        "run_id": run_id,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "interrupted": interrupted,
        # The valid blocks of the steady load that the run asked for; 0 if it ended before the steady load.
        "planned_blocks": planned_blocks,
        "workload": plan.workload.name,
        "host": plan.workload.application.host,
        "virtual_users": 0 if session is None else len(session.users),
        "writes": writes,
        "plan": {
            "budget_s": plan.budget_s,
            "pairs": plan.pairs,
            "load_shares": [] if plan.rates_rps else list(plan.load_shares),
            "rates_rps": {scenario: list(rates) for scenario, rates in rates_rps.items()},
            "burst_size": plan.burst_size,
            "bursts": plan.bursts,
            "cold_starts": plan.cold_starts,
            **({"streams": plan.streams} if plan.workload.streams else {}),
            **({"balanced_weight": plan.balanced_weight} if _has_memory_sizes(plan) else {}),
        },
        "limits": plan.limits.saved(),
        "prices": _prices(),
        **({} if limit is None else _time_use(limit)),
        "phases": dict(phases),
        "aa_pairs": [[str(first), str(second)] for first, second in _same_process_pairs(plan.targets)],
        **({} if codebase is None or codebase.image is None else {"image": dict(codebase.image)}),
        "revision": None if codebase is None else codebase.revision,
        "lock_file_sha256": None if codebase is None else codebase.lock_file_sha256,
        "machine": record_machine(other_load, limits="none" if codebase is None else codebase.limits),
        "python": platform.python_version() if codebase is None else codebase.python,
        "packages": {} if codebase is None else dict(codebase.packages),
        **_database(emulation),
        "pgbouncer": None if proxy is None else {"version": proxy.version, **proxy.settings},
        **({} if data_api is None else {"data_api": {"added_latency_ms": data_api.latency_ms}}),
        "tls": _tls(emulation),
        "targets": {name: dict(details) for name, details in targets.items()},
    }


def _database(emulation: Emulation | None) -> dict[str, Any]:
    """Return the settings of the database server under its name."""
    if emulation is None:
        return {"postgresql": None}
    return {emulation.engine.record_key: dict(emulation.server.settings)}


def _prices() -> dict[str, str]:
    """Return the region and the dates of the prices with which the run is billed at first."""
    prices = read_prices()
    dates = sorted(price.checked for price in prices)
    return {"region": prices.region, "oldest": dates[0].isoformat(), "newest": dates[-1].isoformat()}


def _time_use(limit: TimeLimit) -> dict[str, Any]:
    """Return the time that counts towards the limit, the limit, and what it left out for lack of time."""
    return {
        "taken_s": round(limit.taken_s, 1),
        "limit_s": None if math.isinf(limit.limit_s) else limit.limit_s,
        "left_out": list(limit.left_out),
    }


def _has_memory_sizes(plan: ComparisonPlan) -> bool:
    return any(name.memory_mb is not None for name in plan.targets)


def record_machine(other_load: OtherLoad, *, limits: str) -> dict[str, Any]:
    """Return the `machine` of run.json's environment."""
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": _cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "limits": limits,
        "busy_cpus_before": other_load.busy_cpus,
        "busy_programs_before": dict(other_load.programs),
    }


def _tls(emulation: Emulation | None) -> str:
    """Return a description of the TLS of emulated targets, with clients and databases."""
    if emulation is None:
        return "as deployed"
    if (started := emulation.engine.tls(emulation.server)) is not None:
        return started
    own = "as required by DATABASE_URL and the settings between target and server"
    between = "" if emulation.routes.proxy is None else f", none between target and PgBouncer (sslmode={NO_TLS})"
    return f"{own}{between}; none in front"


def _same_process_pairs(names: Sequence[TargetName]) -> list[tuple[TargetName, TargetName]]:
    """Return the A/A pairs: targets that differ only in the name of their runtime."""
    return [
        (first, second)
        for first, second in combinations(names, 2)
        if Runtime.AWS_LAMBDA not in {first.runtime, second.runtime}
        and PROFILES[first.runtime] == PROFILES[second.runtime]
        and (first.strategy, first.route) == (second.strategy, second.route)
    ]


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
