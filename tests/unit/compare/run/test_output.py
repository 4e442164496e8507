import subprocess

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.run import output
from django_runtimes.compare.run.output import choose_directory, publish

RUN = Run(environment={"workload": "notes", "interrupted": False}, targets=())


def test_a_report_is_published_completely(tmp_path):
    publish(RUN, tmp_path / "a" / "report")

    assert sorted(path.name for path in (tmp_path / "a" / "report").iterdir()) == [
        "decision.md",
        "report.html",
        "report.md",
        "run.json",
    ]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report"]


def test_logs_are_stored_beside_the_report(tmp_path):
    (tmp_path / "kept").mkdir(mode=0o700)
    (tmp_path / "kept/a.log").write_text("why")

    publish(RUN, tmp_path / "report", tmp_path / "kept")

    assert (tmp_path / "report/logs/a.log").read_text() == "why"
    assert (tmp_path / "report/logs").stat().st_mode & 0o777 == 0o755


def test_the_run_is_kept_when_the_report_has_a_bug(tmp_path, monkeypatch):
    def fail(run, directory, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(output, "write_reports", fail)

    with pytest.raises(ZeroDivisionError) as error:
        publish(RUN, tmp_path / "report")

    (kept,) = tmp_path.rglob("run.json")
    assert error.value.__notes__ == [f"The measurements are in {kept}."]
    assert Run.from_json(kept.read_text()) == RUN
    assert not (tmp_path / "report").exists()


def test_the_run_is_kept_when_the_report_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(CompareError, match="cannot write the report to") as error:
        publish(RUN, tmp_path / "file" / "report")

    kept = next((tmp_path / "elsewhere").rglob("run.json"))
    assert str(kept) in str(error.value)
    assert Run.from_json(kept.read_text()) == RUN


def test_a_folder_that_cannot_be_created_is_refused_at_once(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match=r"cannot be created \(Not a directory\); name another"):
        choose_directory(tmp_path / "file" / "deeper" / "report", tmp_path)


def test_an_empty_folder_may_be_used(tmp_path):
    (tmp_path / "report").mkdir()

    publish(RUN, choose_directory(tmp_path / "report", tmp_path))

    assert (tmp_path / "report" / "run.json").exists()


def test_two_runs_in_one_second_get_separate_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = choose_directory(None, tmp_path)
    first.mkdir(parents=True)

    assert choose_directory(None, tmp_path) != first


def test_no_report_is_written_into_an_app_called_reports(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/urls.py").touch()

    assert choose_directory(None, tmp_path).parent == tmp_path / "compare-reports"


def test_earlier_reports_are_kept_beside_the_next(tmp_path):
    (tmp_path / "reports/2026-01-01-000000").mkdir(parents=True)

    assert choose_directory(None, tmp_path).parent == tmp_path / "reports"


def test_git_ignores_a_new_folder_of_reports(tmp_path):
    directory = choose_directory(None, tmp_path)

    publish(RUN, directory)

    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert (directory.parent, status.stdout) == (tmp_path / "reports", "")


def test_a_folder_of_the_projects_own_gets_no_gitignore(tmp_path):
    (tmp_path / "reports").mkdir()

    publish(RUN, choose_directory(None, tmp_path))

    assert not (tmp_path / "reports/.gitignore").exists()
