"""A place for the directories of servers that one test starts and kills."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def own_temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that only this test and its processes use, and that every account can enter.

    Elsewhere, any process that starts a server removes what a killed one has left.
    """
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", place)
        monkeypatch.setenv("TMPDIR", place)
        yield Path(place)
