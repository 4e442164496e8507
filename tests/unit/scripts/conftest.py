"""A tree in an empty folder."""

from pathlib import Path

import pytest

from tests.unit.scripts.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)
