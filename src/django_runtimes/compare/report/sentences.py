"""The sentences of a report: the method, the A/A pairs, and the limits of its claims."""

from collections.abc import Iterator

from django_runtimes.compare.load.block import TIMEOUT_S
from django_runtimes.compare.report.figures import ratio
from django_runtimes.compare.run.results import Run
from django_runtimes.compare.run.summary import Pair, Summary


def method_sentences(summary: Summary) -> Iterator[str]:
    """Yield sentences on the method and the meaning of the figures."""
    yield (
        "Latency counts in ms from the moment a request was due, whatever became of the earlier ones. It covers the "
        f"expected answers and, at {TIMEOUT_S:g} s, the timeouts; other errors are counted apart."
    )
    if summary.reference is not None:
        yield (
            f"The ratio divides the median latency by {summary.reference}'s in the same block: below 1 is faster. "
            "It is the median over all blocks, with a bootstrap 95 % interval; an interval that crosses 1 shows no "
            "difference."
        )
    if users := summary.virtual_users:
        yield f"Requests have the cookies of {users} virtual users, who got them before anything was measured."
    yield "A p99 is given from 1,000 samples on. Percentiles are taken from merged histograms, never averaged."


def pair_sentences(summary: Summary) -> Iterator[str]:
    """Yield sentences on the A/A pairs, which should not differ."""
    for pair in summary.pairs:
        yield _pair_sentence(pair)
    if summary.names_no_winner:
        yield "A/A differs: no winner is named in this run."


def _pair_sentence(pair: Pair) -> str:
    names = f"{pair.first} and {pair.second} start the same process (A/A), so neither can win"
    if pair.ratio is None:
        return f"{names}; there were too few blocks to see whether they measure the same."
    interval = f"{ratio(pair.ratio.low)} to {ratio(pair.ratio.high)}"
    found = "but they differ" if pair.differs else "as it should be"
    return f"{names}: ratio {ratio(pair.ratio.median)}, {interval}, {found}."


def image_sentences(run: Run) -> Iterator[str]:
    """Yield a sentence on the image and the limits of its containers; nothing for a checkout."""
    image = run.environment.get("image")
    if image is None:
        return
    details = run.environment["targets"]
    limits = {target.runtime: details[target.name]["limits"] for target in run.targets if target.name in details}
    yield (
        f"The image {image['reference']} was measured in containers of {image['engine']}, each with limits: "
        f"{'; '.join(f'{runtime} {limit}' for runtime, limit in limits.items())}. A CPU is the time of one of this "
        f"machine's. {image['container_start_ms']:.0f} ms of each start make the container."
    )


def unchecked_sentences(run: Run) -> Iterator[str]:
    """Yield sentences on everything that the workload did not cover."""
    if write_check(run) == "none":
        yield "The workload reads alone: nothing is said about writes."
    if elsewhere := [target.name for target in run.targets if not target.reaches_database]:
        yield (
            f"Most requests of {', '.join(elsewhere)} reached no database, as its transactions were counted: little is "
            "said about connections and routes. Name requests that read from the database."
        )
    if write_check(run) == "not checked":
        yield "Writes were not checked: the workload has no [rows], so no acknowledged write was looked for."


def limit_sentences(run: Run) -> Iterator[str]:
    """Yield sentences on claims that the figures do not support."""
    if run.environment.get("interrupted"):
        yield "This run was interrupted: it holds what was measured until then."
    if any(target.label == "emulated" for target in run.targets):
        yield (
            "Emulated figures come from one machine. They may claim errors, database connections, round trips and "
            "ratios within this machine; not AWS's cold starts or tails, Fargate's capacity or RDS Proxy's behaviour."
        )
    if any(target.runtime == "aws_lambda" and target.label == "emulated" for target in run.targets):
        yield "The emulated Lambda's front behaves as a function URL; an API Gateway in front was not measured."
    if any(target.route == "proxy" and target.label == "emulated" for target in run.targets):
        yield "PgBouncer in transaction mode stands in for RDS Proxy."
    if any(scenario.name == "burst_cold" for target in run.targets for scenario in target.scenarios):
        yield (
            "A cold burst starts all its execution environments at once on this machine's CPUs: it shows their number, "
            "where Lambda gives each environment its own."
        )
    yield (
        "Backends at their peak and on average are sampled, so that they are lower bounds; opened connections are "
        "counted by PostgreSQL."
    )
    if any(target.runtime == "aws_app_runner" for target in run.targets):
        yield (
            "App Runner has been closed to new customers since 2026-04-30; AWS names ECS Express Mode as its successor."
        )


def write_check(run: Run) -> str:
    """Return whether writes were compared with rows: "checked", "not checked", or "none" without writes."""
    writes: str = run.environment.get("writes", "checked")
    return writes
