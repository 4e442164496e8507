from pathlib import Path

import pytest

from tests.integration.project.foreign import ForeignProject


@pytest.fixture
def foreign(tmp_path: Path) -> ForeignProject:
    """A project whose code is beside its pyproject.toml."""
    return ForeignProject(tmp_path / "shop")


@pytest.fixture
def foreign_below(tmp_path: Path) -> ForeignProject:
    """A project whose manage.py is in a subfolder, under a path with spaces and non-ASCII characters."""
    return ForeignProject(tmp_path / "mein lädchen ☕", below="backend")
