"""The frame of each command here: its arguments, its refusal of a busy machine, and its exit codes."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.interruption import treat_termination_as_interruption
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.meters.other_load import OtherLoad, measure_other_load

# With more work of other programs, the figures would be theirs.
MOST_BUSY_CPUS = 0.5
_LAST_LINES = 5


def argument_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a command that a make target runs, with the option that all of them have."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog="Exit codes: 0 each bar is kept; 1 a bar is missed, or something was not measured; 2 bad arguments, or "
        "a machine that other programs keep busy.",
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help=f"measure even if other programs keep more than {MOST_BUSY_CPUS:g} CPUs busy",
    )
    return parser


def require_quiet(load: OtherLoad) -> None:
    """Raise UsageError if other programs keep more of the machine busy than a bar allows for."""
    if load.busy_cpus > MOST_BUSY_CPUS:
        named = ", ".join(f"{name} {cpus:.1f}" for name, cpus in load.programs)
        raise UsageError(
            f"other programs keep {load.busy_cpus:.1f} of {load.cpus} CPUs busy ({named}), and the bars allow for "
            f"{MOST_BUSY_CPUS:g}; end these programs, or pass --anyway (with make: ARGS=--anyway)"
        )


def run_command(
    parser: argparse.ArgumentParser, arguments: Sequence[str], measure: Callable[[argparse.Namespace], bool]
) -> int:
    """Measure unless other programs keep the machine busy; return the exit code. `measure` says if bars are kept."""
    options = parser.parse_args(arguments)
    treat_termination_as_interruption()
    try:
        if not options.anyway:
            require_quiet(measure_other_load())
        return EXIT_DONE if measure(options) else EXIT_FAILED
    except ToolError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def webapp(*arguments: str, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
    """Run a verb of `webapp`; raise ToolError with the end of its output if it fails."""
    command = [sys.executable, "-m", "django_runtimes", *arguments]
    with TemporaryFile("w+") as output:
        done = subprocess.run(command, cwd=folder, env=environ, check=False, stdout=output, stderr=subprocess.STDOUT)
        if done.returncode:
            output.seek(0)
            end = "".join(f"\n  {line.rstrip()}" for line in output.readlines()[-_LAST_LINES:])
            raise ToolError(f"`webapp {' '.join(arguments)}` ended with exit code {done.returncode}:{end}")
