"""Writes a benchmark's results: latest.json for programs, latest.md for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import servers
from benchmarks.figures import Figure, Results, figures
from benchmarks.measurements.wrk import Load

RESULTS = Path(__file__).with_name("results")


def write(environment: Mapping[str, Any], results: Results, directory: Path = RESULTS) -> list[Figure]:
    """Write both files into the directory, and return their figures."""
    judged = figures(results)
    directory.mkdir(exist_ok=True)
    (directory / "latest.json").write_text(as_json(environment, judged), encoding="utf-8")
    (directory / "latest.md").write_text(as_markdown(environment, judged, results), encoding="utf-8")
    return judged


def as_json(environment: Mapping[str, Any], judged: Sequence[Figure]) -> str:
    """Return the environment and the figures as JSON; `met` compares the median with the bar."""
    content = {
        "environment": environment,
        "figures": [
            {
                "name": figure.name,
                "ours": round(figure.ours, 2),
                "peer": round(figure.peer, 2),
                "ratio": round(figure.ratio.median, 4),
                "ratio_low": round(figure.ratio.low, 4),
                "ratio_high": round(figure.ratio.high, 4),
                "bar": figure.bar,
                "goal": figure.goal,
                "met": figure.met,
            }
            for figure in judged
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def as_markdown(environment: Mapping[str, Any], judged: Sequence[Figure], results: Results) -> str:
    """Return the figures and then every contender's medians as Markdown."""
    return "\n".join([*_head(environment), *_figures(judged), *_contenders(results)]) + "\n"


def _head(environment: Mapping[str, Any]) -> list[str]:
    machine = environment["machine"]
    quick = " A preview with too few rounds for verdicts." if environment["quick"] else ""
    return [
        "# This project compared with its peers",
        "",
        f"Written by `make bench` on {environment['finished_at']}, revision {environment['revision']}, "
        f"Python {environment['python']}, {machine['cpus']} CPUs ({machine['cpu']}), "
        f"PostgreSQL {environment['postgresql']['server_version']}; load average before the start "
        f"{environment['load_average_before']}.{quick}",
        "",
        "These figures were emulated on one machine, so trust the ratios, not the absolute values. A ratio is the "
        "median over rounds, each of which measured every contender once, in random order. The brackets give its "
        "bootstrap 95 % interval. `latest.json` has the versions and the numbers of rounds.",
        "",
    ]


def _figures(judged: Sequence[Figure]) -> Iterator[str]:
    yield from (
        "| figure | ours | peer | unit | ratio | bar | met | goal | met |",
        "|---|---:|---:|---|---|---|---|---|---|",
    )
    for figure in judged:
        ratio = f"**{figure.ratio.median:.3g}** [{figure.ratio.low:.3g}, {figure.ratio.high:.3g}]"
        yield (
            f"| {figure.name} | {figure.ours:,.0f} | {figure.peer:,.0f} | {figure.unit} | {ratio} "
            f"| {figure.sign} {figure.bar:g} | {_yes(figure.met)} "
            f"| {figure.sign} {figure.goal:g} | {_yes(figure.goal_met)} |"
        )
    yield ""
    for figure in judged:
        if figure.condition:
            yield from (f"{figure.name}, the goal's {figure.condition}.", "")


def _contenders(results: Results) -> Iterator[str]:
    for request, warm in results.warm.items():
        yield from _medians(f"Lambda, {request}, warm p50, in process", "µs", warm)
    yield from _medians("Lambda, cold start, CPU time", "ms", results.cold)
    shape = f"{servers.WORKERS} workers, {servers.THREADS} threads and as many connections each"
    for path, loads in results.containers.paths.items():
        yield from _loads(f"Containers, GET {path}, 16 connections, {shape}", loads)
    yield from _loads(f"Containers, GET /items, 64 connections, {shape}", results.containers.crowd)


def _medians(title: str, unit: str, rounds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    ours = median(next(iter(rounds.values())))
    yield from (f"## {title}", "", f"| contender | {unit} | times ours |", "|---|---:|---:|")
    for name, values in rounds.items():
        yield f"| {name} | {median(values):,.1f} | {median(values) / ours:.2f} |"
    yield ""


def _loads(title: str, rounds: Mapping[str, Sequence[Load]]) -> Iterator[str]:
    ours = median(load.good_per_s for load in rounds[servers.OURS])
    yield from (
        f"## {title}",
        "",
        "| contender | good answers/s | times ours | p50, ms | p99, ms | answers | refused | broken |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    )
    for name, loads in rounds.items():
        good_per_s = median(load.good_per_s for load in loads)
        yield (
            f"| {name} | {good_per_s:,.0f} | {good_per_s / ours:.2f} | {median(load.p50_ms for load in loads):.1f} "
            f"| {median(load.p99_ms for load in loads):.1f} | {sum(load.answers for load in loads):,} "
            f"| {sum(load.refused for load in loads):,} | {sum(load.broken for load in loads):,} |"
        )
    yield ""


def _yes(met: bool) -> str:  # noqa: FBT001  (the word for it)
    return "yes" if met else "**no**"
