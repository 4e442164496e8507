"""Conditions on the figures of a run, which decide the exit code: `--fail-if`."""
