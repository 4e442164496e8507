"""Puts one fault into a template, to test that the checks find it."""

import copy
from typing import Any

from tests.deploy.templates.analysis.stacks import read_template


def mutate(template: str, path: str, value: Any) -> dict[str, dict[str, Any]]:
    """Return a copy of a template with another value at the path; None removes the value.

    A path consists of names and indexes, and starts at the resources; all its parts except the last must exist.
    """
    mutated = copy.deepcopy(read_template(template))
    *names, last = [int(name) if name.isdigit() else name for name in path.split("/")]
    part = mutated["Resources"]
    for name in names:
        part = part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return {template: mutated}
