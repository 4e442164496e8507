"""`webapp compare --claim` as a user runs it, outside any project."""

import json
import signal
import time

import pytest

from tests.integration.compare.comparison import comparison
from tests.integration.compare.process_tree import command_line, descendants, remaining


@pytest.mark.needs("pgbouncer")
def test_a_claim_is_tested_without_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with comparison("--claim", "proxy-bounds-connections", "--output", str(tmp_path / "report")) as process:
        output, errors = process.communicate(timeout=900)

    assert process.returncode == 0, errors
    assert output.splitlines()[0].startswith("confirmed  proxy-bounds-connections: 40 clients at once held 10")
    assert "testing 1 claim takes about 3 s on two CPUs that do nothing else" in errors
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["report.html", "report.md", "run.json"]
    saved = json.loads((tmp_path / "report/run.json").read_text())
    assert [claim["verdict"] for claim in saved["claims"]] == ["confirmed"]
    assert saved["targets"] == []


def test_ctrl_c_ends_every_process_of_a_claim(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with comparison("--claim", "conn-max-age-leaks", "--output", str(tmp_path / "report")) as process:
        deadline = time.monotonic() + 120
        while not any("uvicorn" in command_line(pid) for pid in descendants(process.pid)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=240)

    assert process.returncode == 130
    assert "interrupted before a claim was tested; nothing was saved" in errors
    assert remaining(started) == set()
    assert not (tmp_path / "report").exists()
