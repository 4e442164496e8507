"""Changes the timeout of a function that runs."""

from dataclasses import replace

from django_runtimes.compare.emulator.environments.environment_process import EnvironmentProcess
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator

_TIMEOUT_S = 300.0


def give_time(runs: FunctionEmulator | EnvironmentProcess) -> None:
    """Let no later invocation time out: of an emulator's new execution environments, or of one environment."""
    runs._function = replace(runs._function, timeout_s=_TIMEOUT_S)
