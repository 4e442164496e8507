"""docs/asgi-differences.md names every test of a deliberate difference, and only tests that exist."""

import re
from pathlib import Path

_HERE = Path(__file__)
_LIST = _HERE.parents[5] / "docs" / "asgi-differences.md"


def names_in(*files: Path) -> set[str]:
    return {
        name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }


def test_every_difference_is_listed():
    shown = names_in(*_HERE.parent.glob("test_differences*.py"))

    assert shown - set(re.findall(r"`(test_\w+)`", _LIST.read_text())) == set()


def test_every_listed_test_exists():
    existing = names_in(*_HERE.parents[2].rglob("test_*.py"))

    assert set(re.findall(r"`(test_\w+)`", _LIST.read_text())) - existing == set()
