"""`webapp report`: analyses saved runs again, without measuring, and writes their report."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from django_runtimes.cli.arguments import OneLineParser
from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.literal_console import literal_console
from django_runtimes.cli.project.project import project_at
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.diagnosis.kept_logs import FOLDER
from django_runtimes.compare.gate.gate_condition import parse_conditions
from django_runtimes.compare.gate.gate_judge import gate_exit_code, judge
from django_runtimes.compare.gate.gate_option import GATE_EXIT_CODES, add_fail_if, write_outcomes
from django_runtimes.compare.gate.gate_outcome import GateOutcome
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.record.run_file import check_histograms, read_run
from django_runtimes.compare.report.terminal import print_report
from django_runtimes.compare.run.output import choose_directory, publish, publish_texts
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, compare_runs
from django_runtimes.compare.saved_runs.runs_content import runs_content
from django_runtimes.compare.saved_runs.runs_html import render_runs_html
from django_runtimes.compare.saved_runs.runs_markdown import render_runs_markdown
from django_runtimes.compare.saved_runs.runs_terminal import print_runs


def main(arguments: Sequence[str]) -> int:
    """Write and print the report; the exit code says whether a condition of `--fail-if` holds."""
    options = _parser().parse_args(arguments)
    try:
        runs = [_read(number, path) for number, path in enumerate(options.runs, start=1)]
        conditions = parse_conditions(options.fail_if, targets=_target_names(runs), scenarios=_scenario_names(runs))
        directory = choose_directory(options.output, project_at(Path.cwd()).directory)
        outcomes = judge(conditions, _judged(runs))
        mismatches = _report(runs, directory, outcomes)
        sys.stderr.write(f"report: {directory / 'report.html'}\n")
    except ToolError as error:
        # The exit code 1 means that a condition holds.
        return _fail(error, EXIT_USAGE)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    write_outcomes(outcomes, sys.stdout)
    for mismatch in mismatches:
        sys.stderr.write(f"webapp report: {mismatch}\n")
    return gate_exit_code(outcomes) or (EXIT_USAGE if mismatches else EXIT_DONE)


def _read(number: int, path: Path) -> NamedRun:
    run = read_run(path)
    check_histograms(path, run)
    return NamedRun(f"run {number}", path, run)


def _report(runs: Sequence[NamedRun], directory: Path, outcomes: Sequence[GateOutcome]) -> list[str]:
    """Write and print the report of one run, as webapp compare does, or of several.

    Return the reason for each run that cannot be compared with the first.
    """
    first, *others = runs
    if not others:
        logs = first.path.with_name(FOLDER)
        reported = publish(
            first.run, directory, logs if logs.is_dir() else None, outcomes=outcomes, saved_as=first.path
        )
        print_report(first.run, literal_console(), reported)
        return []
    comparisons = [compare_runs(first, other) for other in others]
    content = runs_content(runs, comparisons, outcomes)
    publish_texts({"report.md": render_runs_markdown(content), "report.html": render_runs_html(content)}, directory)
    print_runs(content, literal_console())
    return [each.mismatch for each in comparisons if each.mismatch is not None]


def _judged(runs: Sequence[NamedRun]) -> list[JudgedRun]:
    """Return the runs that conditions are judged on: the only one, or every later one against the first."""
    first, *others = runs
    if not others:
        return [JudgedRun(first.run)]
    return [JudgedRun(each.run, each.name, first.run, first.name) for each in others]


def _target_names(runs: Sequence[NamedRun]) -> list[str]:
    return list(dict.fromkeys(target.name for named in runs for target in named.run.targets))


def _scenario_names(runs: Sequence[NamedRun]) -> list[str]:
    targets = (target for named in runs for target in named.run.targets)
    return list(dict.fromkeys(scenario.name for target in targets for scenario in target.scenarios))


def _fail(error: ToolError, exit_code: int) -> int:
    sys.stderr.write(f"webapp report: {error}\n")
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="webapp report",
        description="Analyse saved runs of webapp compare again, without measuring, and write their report. With "
        "several runs, each target is compared with the same target of the first run.",
        epilog=f"Exit codes: 0 done; {GATE_EXIT_CODES}, runs have nothing in common, or invalid arguments.",
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN.json", help="runs that webapp compare saved")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="new folder for the report (default: reports/DATE-TIME, "
        "or compare-reports/DATE-TIME if reports is a package of the project)",
    )
    add_fail_if(parser)
    return parser
