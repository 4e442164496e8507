"""A run.json with one damaged value gives one line and exit code 2, or a report, and leaves nothing behind."""

import json
import random
import tempfile
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.record.run_file import read_run
from django_runtimes.compare.saved_runs.saved_report import main
from tests.unit.compare.record.damaged_runs import Damage, every_damage, small_run

SEED = 15
READ, REPORTED = 200, 8


@pytest.fixture(autouse=True)
def work_in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def saved(values: dict[str, object]) -> Path:
    path = Path("run.json")
    path.write_text(json.dumps(values))
    return path


def sample() -> list[Damage]:
    """Return some damages, the same in each run of the tests."""
    return random.Random(SEED).sample(list(every_damage(small_run())), READ)


def refusal(damage: Damage) -> str | None:
    """Return the error for a damaged run; None if it can be read."""
    try:
        read_run(saved(damage.applied_to(small_run())))
    except UsageError as error:
        return str(error)
    return None


def test_a_damaged_run_is_refused_in_one_line_or_read():
    errors = {str(damage): refusal(damage) for damage in sample()}

    refused = [error for error in errors.values() if error is not None]
    assert len(refused) > READ / 2
    assert [error for error in refused if "\n" in error or not error.startswith("run.json")] == []


def test_a_damaged_run_that_can_be_read_has_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    readable = [damage for damage in sample() if refusal(damage) is None][:REPORTED]
    assert len(readable) == REPORTED

    for number, damage in enumerate(readable):
        saved(damage.applied_to(small_run()))
        code = main(["run.json", "--output", f"out-{number}"])
        lines = capsys.readouterr().err.splitlines()
        assert (code, len(lines)) in {(0, 1), (2, 1)}, str(damage)
        assert lines[0].startswith("report: " if code == 0 else "webapp report: "), str(damage)
        assert (tmp_path / f"out-{number}").exists() is (code == 0)

    assert list((tmp_path / "temporary").iterdir()) == []
    assert list(tmp_path.glob(".*")) == []


def test_a_block_with_more_samples_than_requests_is_refused(capsys: pytest.CaptureFixture[str]):
    run = small_run()
    block = run["targets"][0]["scenarios"][0]["blocks"][0]
    block.update({"sent": 3, "ok": 3, "late": 0})
    saved(run)

    assert main(["run.json", "--output", "out"]) == 2
    assert "targets[0].scenarios[0].blocks[0].histogram has 300 samples, and the block sent 3 requests" in (
        capsys.readouterr().err
    )


def test_a_report_that_cannot_be_written_ends_with_2_and_keeps_no_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    saved(small_run())
    monkeypatch.setattr("django_runtimes.compare.run.output.write_reports", fail)

    assert main(["run.json", "--output", "out"]) == 2
    assert capsys.readouterr().err == (
        "webapp report: cannot write the report to 'out' (No space left on device); the measurements are in run.json\n"
    )
    assert list((tmp_path / "temporary").iterdir()) == []
