"""`make conformance` runs Django's suites with this project's parts and with Django's, and checks the differences."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.conformance.debian_postgres import NoServerError
from tests.conformance.differences import ListError, compare, read_list
from tests.conformance.ending import Endings
from tests.conformance.running import RunError, SuiteRun
from tests.conformance.servers import SERVERS
from tests.conformance.suites import SuitesError, fetch_suites
from tests.conformance.ways import WAYS, Way


def main() -> int:
    """Return 1 if a difference is not listed, or a listed difference does not occur."""
    parser = argparse.ArgumentParser(prog="make conformance ARGS=…", description=__doc__)
    parser.add_argument("labels", nargs="*", help="labels of Django's suites (default: those that CI runs)")
    parser.add_argument(
        "--way", action="append", choices=[way.name for way in WAYS], help="a way to run them (default: all)"
    )
    parser.add_argument("--all", action="store_true", help="every label of each way")
    arguments = parser.parse_args()
    ways = [way for way in WAYS if arguments.way is None or way.name in arguments.way]
    known = {suite for way in ways for suite in way.suites}
    if unknown := [label for label in arguments.labels if label.partition(".")[0] not in known]:
        parser.error(f"{', '.join(unknown)}: not a label of these ways; tests/conformance/labels.toml lists them")
    started_at = time.monotonic()
    try:
        problems = _run(ways, arguments.labels, everything=arguments.all)
    except (ListError, NoServerError, SuitesError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 1
    print(f"{problems} unlisted or outdated, in {time.monotonic() - started_at:.0f} s; logs in .conformance/results/")
    return 1 if problems else 0


def _run(ways: list[Way], wanted: list[str], *, everything: bool) -> int:
    suites = fetch_suites()
    problems = 0
    known: dict[tuple[str, tuple[str, ...]], Endings] = {}
    with ExitStack() as stack:
        needed = {way.server for way in ways}
        servers = {name: stack.enter_context(run()) for name, run in SERVERS.items() if name in needed}
        for way in ways:
            labels = _labels(way, wanted, everything=everything)
            if not labels:
                continue
            listed = read_list(way.name)
            started_at = time.monotonic()
            try:
                stock, ours = _endings(suites, way, labels, servers, known)
                lines = compare(stock, ours, listed, labels)
                counts = f"with Django {_counts(stock)}; here {_counts(ours)}"
            except RunError as error:
                lines, counts = [str(error)], "did not finish"
            problems += len(lines)
            print(f"{way.name}: {counts}; {time.monotonic() - started_at:.0f} s", flush=True)
            for line in lines:
                print(f"  {line}", flush=True)
    return problems


def _endings(
    suites: Path,
    way: Way,
    labels: tuple[str, ...],
    servers: Mapping[str, str],
    known: dict[tuple[str, tuple[str, ...]], Endings],
) -> tuple[Endings, Endings]:
    key = (way.stock, labels)
    with ExitStack() as stack:
        # Start both runs at once, so that they share the same machine and load.
        run = SuiteRun(suites, way.name, labels, servers)
        stack.callback(run.end)
        if key not in known:
            stock_run = SuiteRun(suites, way.stock, labels, servers)
            stack.callback(stock_run.end)
            known[key] = stock_run.endings()
        return known[key], run.endings()


def _labels(way: Way, wanted: list[str], *, everything: bool) -> tuple[str, ...]:
    if not wanted:
        return way.labels if everything else way.labels_in_ci
    # Each way runs only the labels that it lists.
    return tuple(label for label in wanted if label.partition(".")[0] in way.suites)


def _counts(endings: Endings) -> str:
    counts = Counter(ending.word for ending in endings.values())
    return f"{len(endings)} run, {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main())
