"""What a report says in sentences: how was measured, what it shows of pairs, and what it may not claim."""

from collections.abc import Iterator

from django_runtimes.compare.load.block import TIMEOUT_S
from django_runtimes.compare.report.figures import ratio
from django_runtimes.compare.run.results import Run
from django_runtimes.compare.run.summary import Pair, Summary


def how_it_was_measured(summary: Summary) -> Iterator[str]:
    """What the figures mean."""
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


def what_pairs_show(summary: Summary) -> Iterator[str]:
    """Whether targets of the same process measured the same."""
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


def what_ran(run: Run) -> Iterator[str]:
    """The image, and the limits of its containers; nothing for a checkout."""
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


def what_was_not_checked(run: Run) -> Iterator[str]:
    """What the workload left out."""
    if writes_of(run) == "none":
        yield "The workload reads alone: nothing is said about writes."
    if elsewhere := [target.name for target in run.targets if not target.reaches_database]:
        yield (
            f"Most requests of {', '.join(elsewhere)} reached no database, as its transactions were counted: little is "
            "said about connections and routes. Name requests that read from the database."
        )
    if writes_of(run) == "not checked":
        yield "Writes were not checked: the workload has no [rows], so no acknowledged write was looked for."


def what_may_not_be_claimed(run: Run) -> Iterator[str]:
    """What figures of this machine say nothing about."""
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


def writes_of(run: Run) -> str:
    """Whether rows were compared with writes: "checked", "not checked" or "none" without writes."""
    writes: str = run.environment.get("writes", "checked")
    return writes
