"""`python -m benchmarks`: measure, write the results, say which bars are met."""

import argparse
import asyncio
import os
import random
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks import containers, lambda_cold, lambda_warm, report
from benchmarks.figures import Figure, Results
from benchmarks.peers import peers_python
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.record import record_environment
from benchmarks.surroundings import Surroundings
from benchmarks.wrk import find_wrk
from webapp.compare.errors import CompareError
from webapp.compare.interruption import EXIT_INTERRUPTED, treat_termination_as_interruption
from webapp.compare.progress import Reporter, reporter
from webapp.compare.services.postgres import EmbeddedPostgres
from webapp.compare.services.run_directory import run_directory


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; the exit code says whether everything was measured (see `--help`)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure this project beside its peers, in one run, and write benchmarks/results/.",
        epilog="Exit codes: 0 everything was measured, bars met or not; 1 something could not be; 2 bad arguments.",
    )
    parser.add_argument("--quick", action="store_true", help="a look within three minutes; too short for verdicts")
    plan = QUICK if parser.parse_args(arguments).quick else FULL
    treat_termination_as_interruption()
    try:
        with reporter(sys.stderr) as progress:
            judged = _run(plan, progress)
    except CompareError as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("benchmarks: interrupted; nothing was written\n")
        return EXIT_INTERRUPTED
    for figure in judged:
        sys.stdout.write(f"{_line(figure)}\n")
    sys.stderr.write(f"results: {report.RESULTS / 'latest.md'}\n")
    return 0


def _run(plan: Plan, progress: Reporter) -> list[Figure]:
    load_average = os.getloadavg()[0]
    # Asked for in the last part: better now than after ten minutes.
    find_wrk()
    chance = random.Random()  # noqa: S311  (an order, not a secret)
    with ExitStack() as stack:
        workspace = stack.enter_context(run_directory(account=None))
        progress.begin("the peers' environment, the database", 1)
        python = peers_python(workspace / "peers.log")
        server = stack.enter_context(EmbeddedPostgres())
        surroundings = Surroundings.prepare(python, server, workspace)
        progress.advance()
        results = Results(
            warm=lambda_warm.measure(plan, surroundings, chance, progress),
            cold=lambda_cold.measure(plan, surroundings, chance, progress),
            containers=asyncio.run(containers.measure(plan, surroundings, chance, progress)),
        )
        return report.write(record_environment(plan, surroundings, load_average), results)


def _line(figure: Figure) -> str:
    verdict = "met" if figure.met else "MISSED"
    return (
        f"{figure.ratio.median:8.3f} [{figure.ratio.low:.3f}, {figure.ratio.high:.3f}]  "
        f"bar {figure.sign} {figure.bar:g} {verdict}, goal {figure.sign} {figure.goal:g} "
        f"{'met' if figure.goal_met else 'not met'}: {figure.name}"
    )
