"""Calls a Lambda handler in batches in a process of its own; orders and results are lines of JSON."""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from awslambdaric.lambda_context import LambdaContext

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

_MIN_CALLS = 20


def main(handler_path: str) -> None:
    """Import the handler as awslambdaric does, then run batches until standard input ends."""
    # Some handlers print, which must not mix with the results.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    module_name, _, attribute = handler_path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module_name), attribute)
    for line in sys.stdin:
        order = json.loads(line)
        event = json.loads(Path(order["event"]).read_text())
        answers.write(json.dumps(_batch(handler, event, order["duration_s"])) + "\n")
        answers.flush()


def _batch(handler: Handler, event: dict[str, Any], duration_s: float) -> dict[str, Any]:
    """Call the handler for `duration_s`; return the p50 in µs, and the last answer for a check."""
    context = LambdaContext("bench", None, None, 0, "arn:aws:lambda:us-east-1:123456789012:function:bench")
    clock = time.perf_counter_ns
    durations_ns = []
    ends_at_ns = clock() + int(duration_s * 1e9)
    while True:
        started_ns = clock()
        answer = handler(event, context)
        ended_ns = clock()
        durations_ns.append(ended_ns - started_ns)
        if ended_ns > ends_at_ns and len(durations_ns) >= _MIN_CALLS:
            return {"p50_us": median(durations_ns) / 1_000, "answer": answer}


if __name__ == "__main__":
    main(sys.argv[1])
