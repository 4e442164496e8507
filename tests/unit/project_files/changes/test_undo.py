"""Either all files are restored or none."""

from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.writing import undo_adoption, write
from tests.unit.project_files.changes.interruptions import run_and_kill
from tests.unit.project_files.changes.plans import planned, snapshot, upgraded


def test_undo_restores_contents_modes_and_folders(project: Path):
    before = snapshot(project)
    write(planned(project))
    (project / "settings.py").chmod(0o600)

    undone = undo_adoption(project)

    assert snapshot(project) == before
    assert undone.kept == []
    assert undone.restored == ["settings.py", "old.txt", "vendor/a/wheel.whl", "Dockerfile"]


@pytest.mark.parametrize("step", range(2))
def test_a_killed_undo_can_be_repeated(project: Path, step: int):
    before = snapshot(project)
    write(planned(project))

    run_and_kill("undo_adoption(root)", project, step)
    undo_adoption(project)

    assert snapshot(project) == before


@pytest.mark.parametrize("name", ["settings.py", "Dockerfile"])
def test_undo_refuses_to_change_an_edited_file(project: Path, name: str):
    write(planned(project))
    (project / name).write_bytes(b"mine\n")
    before = snapshot(project)

    with pytest.raises(UsageError, match=f"{name} was edited after webapp init wrote it, so nothing is undone"):
        undo_adoption(project)

    assert snapshot(project) == before


def test_undo_can_keep_edited_files(project: Path):
    before = snapshot(project)
    write(planned(project))
    (project / "Dockerfile").write_bytes(b"mine\n")
    (project / "settings.py").write_bytes(b"mine too\n")
    (project / "settings.py").chmod(0o600)
    (project / "old.txt").unlink()

    undone = undo_adoption(project, keeps_edited=True)

    after = snapshot(project)
    assert undone.kept == ["settings.py", "old.txt", "Dockerfile"]
    assert undone.restored == ["vendor/a/wheel.whl"]
    assert {name for name in after if after[name] != before.get(name)} == {"settings.py", "Dockerfile"}
    assert (after["settings.py"][1], after["Dockerfile"][1]) == (b"mine too\n", b"mine\n")
    assert after["settings.py"][0] & 0o777 == 0o600


def test_undo_refuses_if_an_old_file_was_removed(project: Path):
    write(planned(project))
    (project / "old.txt").unlink()

    with pytest.raises(UsageError, match=r"old\.txt was removed after"):
        undo_adoption(project)


def test_undo_continues_if_a_new_file_was_removed(project: Path):
    before = snapshot(project)
    write(planned(project))
    (project / "Dockerfile").unlink()

    undo_adoption(project)

    assert snapshot(project) == before


def test_undo_keeps_other_files_in_a_created_folder(project: Path):
    write(planned(project))
    (project / "vendor/mine.whl").write_bytes(b"mine")

    undo_adoption(project)

    assert (project / "vendor/mine.whl").read_bytes() == b"mine"
    assert not (project / "vendor/a").exists()


def test_undo_of_two_runs_restores_the_first_state(project: Path):
    before = snapshot(project)
    write(planned(project))
    plan = FilePlan(project)
    plan.write(project / "old.txt", b"old\nnew\nnewer\n")
    write(plan)

    undo_adoption(project)

    assert snapshot(project) == before


def test_undo_of_removed_files_restores_the_first_state(project: Path):
    before = snapshot(project)
    write(planned(project))
    write(upgraded(project))
    assert not (project / "vendor/a/wheel.whl").exists()

    undo_adoption(project)

    assert snapshot(project) == before


def test_a_removed_file_without_a_record_is_restored(project: Path):
    (project / "vendor/a").mkdir(parents=True)
    (project / "vendor/a/wheel.whl").write_bytes(b"theirs")
    (project / "vendor/a/wheel.whl").chmod(0o600)
    before = snapshot(project)
    write(upgraded(project))

    undo_adoption(project)

    assert snapshot(project) == before


def test_undo_refuses_after_an_edit_between_two_runs(project: Path):
    write(planned(project))
    (project / "old.txt").write_bytes(b"old\nnew\nmine\n")
    plan = FilePlan(project)
    plan.write(project / "old.txt", b"old\nnewer\nmine\n")
    write(plan)
    before = snapshot(project)

    with pytest.raises(UsageError, match=r"old\.txt was edited after webapp init wrote it, so nothing is undone"):
        undo_adoption(project)

    assert snapshot(project) == before
    assert undo_adoption(project, keeps_edited=True).kept == ["old.txt"]
    assert (project / "old.txt").read_bytes() == b"old\nnewer\nmine\n"


def test_undo_after_a_file_was_restored_between_two_runs(project: Path):
    before = snapshot(project)
    original = (project / "old.txt").read_bytes()
    write(planned(project))
    (project / "old.txt").write_bytes(original)
    plan = FilePlan(project)
    plan.write(project / "old.txt", b"newer\n")
    write(plan)

    undo_adoption(project)

    assert snapshot(project) == before


def test_undo_refuses_a_file_that_names_a_removed_wheel(project: Path):
    write(planned(project))
    (project / "compiled.txt").write_bytes(b"django\n./vendor/a/wheel.whl\n")
    plan = upgraded(project)
    plan.write(project / "compiled.txt", b"django\n./vendor/a/newer.whl\n")
    write(plan)
    before = snapshot(project)

    with pytest.raises(UsageError, match=r"compiled\.txt named wheel\.whl in line 2 before the last webapp init"):
        undo_adoption(project)

    assert snapshot(project) == before
    (project / "compiled.txt").write_bytes(b"django\n")
    assert undo_adoption(project, keeps_edited=True).kept == ["compiled.txt"]
    assert (project / "compiled.txt").read_bytes() == b"django\n"


def test_without_a_record_there_is_nothing_to_undo(project: Path):
    with pytest.raises(UsageError, match=r"\.webapp/init\.json is not in"):
        undo_adoption(project)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is damaged"),
        (b'{"schema": 2}', "has schema 2 but this version reads 1"),
        (
            b'{"schema": 1, "complete": true, "folders": [], "files": '
            b'[{"path": "../x", "before": null, "before_mode": null, "after_sha256": ""}]}',
            r"names \.\./x, which is outside",
        ),
    ],
)
def test_an_invalid_record_is_refused(project: Path, content: bytes, complaint: str):
    (project / ".webapp").mkdir()
    (project / ".webapp/init.json").write_bytes(content)

    with pytest.raises(UsageError, match=complaint):
        undo_adoption(project)
