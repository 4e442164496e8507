"""Counts the execution environments that wait for an event."""

from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator


def ready_count(emulator: LambdaEmulator) -> int:
    """Return the number of idle execution environments."""
    return len(emulator._idle)
