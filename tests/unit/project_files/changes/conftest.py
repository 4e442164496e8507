from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "settings.py").write_bytes(b"DEBUG = False\r\n")
    (tmp_path / "settings.py").chmod(0o640)
    (tmp_path / "old.txt").write_bytes(b"old\n")
    return tmp_path
