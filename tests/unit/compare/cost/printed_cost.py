"""What `webapp cost` prints of a saved run."""

from pathlib import Path

import pytest

from django_runtimes.compare.cost.cost import main

FIXTURE = Path(__file__).parents[1] / "report" / "run.json"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out
