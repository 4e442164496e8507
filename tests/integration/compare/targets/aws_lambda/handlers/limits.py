"""Uses CPU time or memory, to show the limits of an execution environment."""

import os
import time

_BUSY_S = 1.0


def busy(event, context):
    """Compute for a second, and return the used CPU time."""
    wall_s, cpu_s = time.monotonic(), time.process_time()
    while time.monotonic() - wall_s < _BUSY_S:
        sum(range(1_000))
    return {
        "wall_s": time.monotonic() - wall_s,
        "cpu_s": time.process_time() - cpu_s,
        "memory_size": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    }


def allocate(event, context):
    """Use as many MB as the event says."""
    used = bytearray(event["mb"] * 2**20)
    used[::4096] = b"x" * len(used[::4096])
    return len(used) // 2**20
