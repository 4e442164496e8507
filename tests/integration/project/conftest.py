from pathlib import Path

import pytest

from tests.integration.project.foreign import ForeignProject


@pytest.fixture
def foreign(tmp_path: Path) -> ForeignProject:
    """A project whose code lies beside its pyproject.toml."""
    return ForeignProject(tmp_path / "shop")


@pytest.fixture
def foreign_below(tmp_path: Path) -> ForeignProject:
    """One whose manage.py lies in a folder below, under a path with spaces and letters beyond ASCII."""
    return ForeignProject(tmp_path / "mein lädchen ☕", below="backend")
