"""The options in a target's name, of which one has a bill of its own."""

import re

from django_runtimes.compare.cost.usage.usage_key import MANAGED

_END_OF_OPTIONS = re.compile("[/@]")


def options_in(name: str) -> tuple[str, ...]:
    """Return the options of a target, such as "snapstart" in "aws_lambda+snapstart/per_request/direct"."""
    return tuple(_END_OF_OPTIONS.split(name, maxsplit=1)[0].split("+")[1:])


def billed_runtime(name: str, runtime: str) -> str:
    """Return the runtime of a target, with the option "+managed", since EC2 instances are billed otherwise."""
    return next((each for each in MANAGED if each.partition("+")[2] in options_in(name)), runtime)
