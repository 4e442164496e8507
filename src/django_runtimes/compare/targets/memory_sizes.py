"""Adds the memory sizes of `--memory` to the targets of a comparison."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.targets.name import TargetName, memory_size_mb
from django_runtimes.config.values.runtime import Runtime


def memory_sizes(text: str) -> tuple[int, ...]:
    """Read an argument such as 512,1024,1769; raise ArgumentTypeError with the remedy for an invalid one."""
    try:
        sizes_mb = tuple(memory_size_mb(each.strip()) for each in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    repeated = next((size_mb for size_mb in sizes_mb if sizes_mb.count(size_mb) > 1), None)
    if repeated is not None:
        raise argparse.ArgumentTypeError(f"{text!r} has {repeated} twice; name each size once")
    return sizes_mb


def balanced_weight(text: str) -> float:
    """Read the weight of the cost, from 0 to 1; raise ArgumentTypeError for an invalid one."""
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a weight from 0 (the fastest) to 1 (the cheapest); try 0.5")
    return weight


def with_memory_sizes(targets: Sequence[TargetName], sizes_mb: Sequence[int]) -> tuple[TargetName, ...]:
    """Return the targets, and the first Lambda target at each size; raise UsageError without a Lambda target."""
    first = next((name for name in targets if name.runtime is Runtime.AWS_LAMBDA and not name.managed), None)
    if first is None:
        raise UsageError(
            f"--memory needs a target of {Runtime.AWS_LAMBDA}, and --target names none; add --target "
            "aws_lambda/per_request/proxy, or omit --memory"
        )
    added = tuple(replace(first, memory_mb=size_mb) for size_mb in sizes_mb)
    if repeated := next((name for name in added if name in targets), None):
        raise UsageError(f"--memory {repeated.memory_mb} adds {repeated}, which --target names already; omit one")
    return (*targets, *added)
