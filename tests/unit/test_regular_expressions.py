"""No pattern has a possessive or atomic group, which Python 3.11 before 3.11.5 matches wrongly."""

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
# A list of characters may have `()*+`, which is no group.
GROUP = re.compile(r"(?<!\()\)(?:\*\+|\+\+|\?\+|\}\+)|\(\?>")


def test_no_pattern_has_a_possessive_group():
    found = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if GROUP.search(path.read_text())]

    assert found == []
