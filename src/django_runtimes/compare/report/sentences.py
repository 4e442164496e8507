"""The sentences of a report: the method, the A/A pairs, and the limits of its claims."""

from collections.abc import Iterator

from django_runtimes.compare.analysis.busy_machine import busy_sentence
from django_runtimes.compare.analysis.ratio import SAME_FROM, SAME_TO, Ratio
from django_runtimes.compare.analysis.summary import Pair, Summary, SummaryRow
from django_runtimes.compare.layout.figures import ratio, requests_per_second
from django_runtimes.compare.load.block import TIMEOUT_S
from django_runtimes.compare.recommendation.withheld import no_winner_sentence
from django_runtimes.compare.record.results import Run


def method_sentences(summary: Summary) -> Iterator[str]:
    """Yield sentences on the method and the meaning of the figures."""
    yield (
        "Latencies are in ms from the moment a request was due, even if earlier requests delayed it. They include "
        f"expected answers, and timeouts as {TIMEOUT_S:g} s; other errors are counted separately."
    )
    if summary.reference is not None:
        yield (
            f"The ratio divides a target's median latency by {_references(summary)} in the same round: below 1 is "
            "faster. The tables show the centre of all rounds' ratios and its exact signed-rank interval, in place "
            "of the more usual bootstrap interval, whose far tails are inexact. The intervals are widened for their "
            "number, so that at most one in 20 runs without any difference reports one. An interval that excludes "
            f"1 shows a difference. An interval within {SAME_FROM:g} to {SAME_TO:g} "
            "shows that there is none (~). All others are undecided."
        )
    if users := summary.virtual_users:
        yield f"Requests carry the cookies of {users} virtual users, who got them before the measurement."
    yield "A p99 needs at least 1,000 samples. Percentiles come from merged histograms and are never averaged."


def _references(summary: Summary) -> str:
    """Return whose median the ratios divide by."""
    if summary.other_reference is None:
        return f"{summary.reference}'s"
    return f"{summary.reference}'s or {summary.other_reference}'s, whichever has the same label,"


def pair_sentences(summary: Summary) -> Iterator[str]:
    """Yield sentences on the A/A pairs, which should not differ, and on the conditions for a verdict."""
    for pair in summary.pairs:
        yield _pair_sentence(pair)
    if summary.pair_problem is not None:
        yield no_winner_sentence(summary.pair_problem)


def _pair_sentence(pair: Pair) -> str:
    names = f"{pair.first} and {pair.second} start the same process (A/A), so neither can win"
    if pair.ratio is None:
        return f"{names}; there were too few blocks to compare them."
    interval = f"{ratio(pair.ratio.low)} to {ratio(pair.ratio.high)}"
    return f"{names}: the ratio {ratio(pair.ratio.estimate)} ({interval}) {_pair_finding(pair.ratio)}."


def _pair_finding(found: Ratio) -> str:
    if found.excludes_one:
        return "shows a difference nevertheless"
    if found.is_near_one:
        return "shows no difference, as expected"
    return f"shows no difference, and cannot rule out one beyond {SAME_FROM:g} to {SAME_TO:g}"


def error_sentences(summary: Summary) -> Iterator[str]:
    """Yield one sentence with the errors of all scenarios, if there are any."""
    found = [
        f"{row.target.name} {_scenario_text(row)}: {', '.join(f'{name} {count}' for name, count in errors.items())}"
        for row in summary.rows
        if (errors := row.scenario.errors)
    ]
    if found:
        yield f"Errors: {'; '.join(found)}."


def void_sentences(summary: Summary) -> Iterator[str]:
    """Yield one sentence on the void blocks, which the latencies leave out."""
    found = [
        f"{row.scenario.void_blocks} of {len(row.scenario.blocks)} of {row.target.name} ({_scenario_text(row)})"
        for row in summary.rows
        if row.scenario.void_blocks
    ]
    if found:
        yield f"Void blocks, left out of the latencies unless all are void: {'; '.join(found)}."


def _scenario_text(row: SummaryRow) -> str:
    rate_rps = row.scenario.rate_rps
    return row.scenario.name if rate_rps is None else f"{row.scenario.name} {requests_per_second(rate_rps)}"


def image_sentences(run: Run) -> Iterator[str]:
    """Yield a sentence on the image and the limits of its containers; nothing for a checkout."""
    image = run.environment.get("image")
    if image is None:
        return
    details = run.environment.get("targets", {})
    limits = {
        f"{target.runtime}{''.join(target.name.partition('@')[1:])}": details[target.name]["limits"]
        for target in run.targets
        if target.name in details
    }
    yield (
        f"The image {image['reference']} ran in containers of {image['engine']} with these limits: "
        f"{'; '.join(f'{runtime} {limit}' for runtime, limit in limits.items())}. 1 CPU is the whole time of one CPU "
        f"of this machine. Each start includes {image['container_start_ms']:.0f} ms to create the container."
    )


def unchecked_sentences(run: Run) -> Iterator[str]:
    """Yield sentences on everything that the workload leaves unmeasured or unchecked."""
    if write_check(run) == "none":
        yield "The workload only reads, so this report says nothing about writes."
    if elsewhere := [target.name for target in run.targets if not target.reaches_database]:
        yield (
            f"Most requests of {', '.join(elsewhere)} did not use the database, as the number of transactions shows. "
            "Their figures say little about connections and routes; add requests that read from the database."
        )
    if write_check(run) == "not checked":
        yield "Writes were not checked, since the workload has no [rows] with a query for the written rows."


def claim_sentences(run: Run) -> Iterator[str]:
    """Yield sentences on the claims that the run as a whole does not support."""
    if run.environment.get("interrupted"):
        yield "This run was interrupted, so it has only the measurements before the interruption."
    if _has_emulated(run):
        yield (
            "Emulated figures come from one machine. They support claims about errors, database connections, round "
            "trips and ratios on this machine, but not about AWS's cold starts and tail latencies, Fargate's capacity "
            "or RDS Proxy's behaviour."
        )
        yield from _engine_sentences(run)
    if (busy := busy_sentence(run)) is not None:
        yield busy
    if any(target.route == "proxy" and target.label == "emulated" for target in run.targets):
        yield "PgBouncer in transaction mode stands in for RDS Proxy."
    if _has_data_api(run):
        yield _data_api_sentence(run)


def mariadb_of(run: Run) -> str | None:
    """Return the MariaDB of a run's emulated targets, such as "MariaDB 10.11.14"; None on PostgreSQL."""
    recorded = run.environment.get("mariadb")
    return None if recorded is None else f"MariaDB {recorded['version'].partition('-')[0]}"


def _engine_sentences(run: Run) -> Iterator[str]:
    server = mariadb_of(run)
    if server is not None:
        yield (
            f"Emulated targets ran on {server}. The figures say nothing about PostgreSQL, and "
            "nothing about RDS Proxy, for which no server here stands in with this engine. MySQL was not run."
        )


def latency_caveats(run: Run) -> Iterator[str]:
    """Yield sentences on claims that the latencies do not support."""
    if _has_emulated(run):
        which = "Some of these" if any(target.label == "deployed" for target in run.targets) else "These"
        yield f"{which} latencies are emulated: trust their ratios on this machine rather than their values."
    if any(target.runtime == "aws_lambda" and target.label == "emulated" for target in run.targets):
        yield "The emulated Lambda function has a function URL; an API Gateway in front of it was not measured."
    if any(scenario.name == "burst_cold" for target in run.targets for scenario in target.scenarios):
        yield (
            "A cold burst starts all its execution environments at once on this machine's CPUs, while on Lambda each "
            "environment has its own. Compare the number of environments rather than the latencies."
        )


def one_rate_sentences(summary: Summary) -> Iterator[str]:
    """Yield a sentence on how to measure several rates, if there is any latency."""
    if summary.rows:
        yield "One rate was measured, so no latency is drawn against the rate; --budget 15m measures three."


def cold_start_caveats(run: Run) -> Iterator[str]:
    """Yield a sentence on claims that the cold starts do not support."""
    if _has_emulated(run):
        yield "AWS adds the download of the image and the start of a micro-VM, which were not emulated."


def connection_caveats(run: Run) -> Iterator[str]:
    """Yield sentences on claims that the numbers of connections do not support."""
    if _has_emulated(run):
        yield (
            "The peak and mean numbers of backends are sampled, so they are lower bounds; the server counts the opened "
            "connections."
        )
    if any(target.label == "deployed" for target in run.targets):
        yield (
            "Connections of deployed targets are those that their processes reported, or CloudWatch's; the notes of "
            "the targets say which."
        )
    if any(target.route == "proxy" and target.label == "emulated" for target in run.targets):
        yield "On the route proxy the backends are PgBouncer's, which shares connections differently from RDS Proxy."
    if _has_data_api(run):
        yield (
            "On the route data_api a target holds no connection. The sessions of the stand-in are not counted as its "
            "own; the notes of the target have their number."
        )


def _data_api_sentence(run: Run) -> str:
    added_ms = (run.environment.get("data_api") or {}).get("added_latency_ms", 0.0)
    return (
        f"A stand-in serves the Data API, and adds {added_ms:g} ms to each call, which others have published as the "
        "duration of a call inside a region."
    )


def _has_data_api(run: Run) -> bool:
    return any(target.route == "data_api" and target.label == "emulated" for target in run.targets)


def _has_emulated(run: Run) -> bool:
    return any(target.label == "emulated" for target in run.targets)


def write_check(run: Run) -> str:
    """Return whether writes were compared with rows: "checked", "not checked", or "none" without writes."""
    writes: str = run.environment.get("writes", "checked")
    return writes
