"""A template with one fault in it, for the tests of what finds faults."""

import copy
from typing import Any

from tests.deploy.templates.stacks import read_template


def mutate(template: str, path: str, value: Any) -> dict[str, dict[str, Any]]:
    """The template by its name, with another value where the path of names and positions leads; None takes it away.

    A path begins at the resources, and has to be there, but for its end.
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
