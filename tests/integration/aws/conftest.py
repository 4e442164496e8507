import os
from collections.abc import Iterator

import pytest

from tests.integration.aws.scripted_server import ScriptedServer, scripted_server
from tests.patience import wait_for_aws


@pytest.fixture(autouse=True)
def _aws(monkeypatch) -> None:
    """Keep this machine's own variables and files of AWS out."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    wait_for_aws(monkeypatch)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server
