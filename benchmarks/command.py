"""The command `python -m benchmarks`, which measures, writes the results and prints which bars are met."""

import argparse
import asyncio
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import against, cost, report
from benchmarks.contenders.peers import CHECKOUT, peers_python
from benchmarks.contenders.revision import find_revision
from benchmarks.contenders.testbed import Testbed
from benchmarks.figures import Figure, Results
from benchmarks.measurements import containers, first_byte, lambda_cold, lambda_warm, parts, restores, streams
from benchmarks.measurements.wrk import find_wrk
from benchmarks.plan import AGAINST, FULL, QUICK, Plan
from benchmarks.pools import measurement as pools
from benchmarks.pools import pools_report
from benchmarks.pools.measurement import Phases
from benchmarks.record import record_comparison, record_environment, record_pools
from django_runtimes.cli.exit_codes import EXIT_INTERRUPTED
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.compare.services.run_directory import run_directory


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; the exit code says whether everything was measured (see `--help`)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure this project and its peers in one run, and write benchmarks/results/.",
        epilog="Exit codes: 0 everything was measured, bars met or not; 1 something was not measured; 2 bad arguments.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a preview within three minutes, too short for verdicts; also of --against and --parts",
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--against",
        metavar="REV",
        help="compare the current code, including uncommitted changes, with another revision instead of the peers; "
        "takes about ten minutes and writes reports/against.json",
    )
    extent.add_argument(
        "--streams",
        action="store_true",
        help=f"measure how much {streams.STREAMS} open event streams slow down a page; takes about two minutes",
    )
    extent.add_argument(
        "--first-byte",
        action="store_true",
        help="measure how long the first chunk of a stream takes from a function's view to its client, "
        f"{first_byte.REQUESTS} times; takes about half a minute",
    )
    extent.add_argument(
        "--restores",
        action="store_true",
        help="measure how long a function takes to its first answer when it is restored from a snapshot and when it is "
        f"started, {restores.ROUNDS} times each, on the emulator; takes about two minutes",
    )
    extent.add_argument(
        "--parts",
        action="store_true",
        help="measure the cost of the access log, the metrics, the traces and the security headers per request; takes "
        "about ten minutes",
    )
    extent.add_argument(
        "--pools",
        action="store_true",
        help="compare pools and poolers: connections held, waits, and errors after a restart of the server; takes "
        "about twelve minutes and writes benchmarks/results/pools.md",
    )
    options = parser.parse_args(arguments)
    if options.quick and (options.streams or options.first_byte or options.restores or options.pools):
        parser.error("--quick shortens only the comparison with the peers, --against and --parts; leave it out")
    treat_termination_as_interruption()
    try:
        with Progress(sys.stderr) as progress:
            if options.against is not None:
                lines, results = _run_against(options.against, QUICK if options.quick else AGAINST, progress)
            elif options.pools:
                lines, results = _run_pools(progress)
            elif options.parts:
                lines, results = _run_parts(QUICK if options.quick else AGAINST, progress), None
            elif options.first_byte:
                lines, results = _run_first_byte(progress), None
            elif options.restores:
                lines, results = _run_restores(progress), None
            elif options.streams:
                lines, results = _run_streams(progress), None
            else:
                lines, results = _run(QUICK if options.quick else FULL, progress)
    except UsageError as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 2
    except ToolError as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("benchmarks: interrupted; nothing was written\n")
        return EXIT_INTERRUPTED
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if results is not None:
        sys.stderr.write(f"results: {results}\n")
    return 0


def _run(plan: Plan, progress: Progress) -> tuple[list[str], Path]:
    load_average = os.getloadavg()[0]
    # Only the last part uses wrk, but a missing wrk should fail now, not after ten minutes.
    find_wrk()
    rng = random.Random()  # noqa: S311  (an order, not a secret)
    with ExitStack() as stack:
        workspace = stack.enter_context(run_directory(account=None))
        progress.begin("the peers' environment, the database", 1)
        python = peers_python(workspace / "peers.log")
        server = stack.enter_context(EmbeddedPostgres())
        testbed = Testbed(python, server, "bench_template", workspace)
        testbed.prepare()
        progress.advance()
        results = Results(
            warm=lambda_warm.measure(plan, testbed, rng, progress),
            cold=lambda_cold.measure(plan, testbed, rng, progress),
            containers=asyncio.run(containers.measure(plan, testbed, rng, progress)),
        )
        judged = report.write(record_environment(plan, testbed, load_average), results)
        return [_line(figure) for figure in judged], report.RESULTS / "latest.md"


def _run_against(name: str, plan: Plan, progress: Progress) -> tuple[list[str], Path]:
    load_average = os.getloadavg()[0]
    revision = find_revision(name)
    find_wrk()
    rng = random.Random()  # noqa: S311  (an order, not a secret)
    with ExitStack() as stack:
        workspace = stack.enter_context(run_directory(account=None))
        server = stack.enter_context(EmbeddedPostgres())
        # Record this first, since HEAD may move during the measurement.
        environment = record_comparison(plan, revision, server, load_average)
        costs = against.measure(plan, revision, server, workspace, rng=rng, progress=progress)
    results = CHECKOUT / "reports" / "against.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(cost.as_json(environment, costs), encoding="utf-8")
    contenders = [f"{cost.NEW}: {environment['new']}", f"{cost.OLD}: {environment['old']}"]
    return [*contenders, *cost.as_lines(costs)], results


def _run_pools(progress: Progress) -> tuple[list[str], Path]:
    load_average = os.getloadavg()[0]
    phases = Phases()
    rng = random.Random()  # noqa: S311  (an order, not a secret)
    with run_directory(account=None) as workspace:
        measured = asyncio.run(pools.measure(phases, workspace, rng, progress))
    environment = record_pools(measured.versions, load_average)
    return pools_report.write(environment, phases, measured.outcomes), report.RESULTS / "pools.md"


def _run_streams(progress: Progress) -> list[str]:
    with _testbed() as (testbed, rng):
        return asyncio.run(streams.measure(testbed, rng, progress)).lines()


def _run_first_byte(progress: Progress) -> list[str]:
    with _testbed() as (testbed, rng):
        return first_byte.run(testbed, rng, progress)


def _run_restores(progress: Progress) -> list[str]:
    with _testbed() as (testbed, rng):
        return restores.run(testbed, rng, progress)


def _run_parts(plan: Plan, progress: Progress) -> list[str]:
    with _testbed() as (testbed, rng):
        return asyncio.run(parts.measure(plan, testbed, rng, progress))


@contextmanager
def _testbed() -> Iterator[tuple[Testbed, random.Random]]:
    """Prepare a testbed of this checkout, and yield it with a source of random orders."""
    find_wrk()
    with ExitStack() as stack:
        workspace = stack.enter_context(run_directory(account=None))
        server = stack.enter_context(EmbeddedPostgres())
        testbed = Testbed(Path(sys.executable), server, "bench_template", workspace)
        testbed.prepare()
        yield testbed, random.Random()  # noqa: S311  (an order, not a secret)


def _line(figure: Figure) -> str:
    verdict = "met" if figure.met else "MISSED"
    return (
        f"{figure.ratio.median:8.3f} [{figure.ratio.low:.3f}, {figure.ratio.high:.3f}]  "
        f"bar {figure.sign} {figure.bar:g} {verdict}, goal {figure.sign} {figure.goal:g} "
        f"{'met' if figure.goal_met else 'not met'}: {figure.name}"
    )
