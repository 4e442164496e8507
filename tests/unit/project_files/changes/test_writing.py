"""Either all files are written or none, and either all are restored or none."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.writing import undo_adoption, write

ROOT = Path(__file__).parents[4]
STEPS = range(7)


def snapshot(directory: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        str(path.relative_to(directory)): (path.stat().st_mode, None if path.is_dir() else path.read_bytes())
        for path in directory.rglob("*")
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "settings.py").write_bytes(b"DEBUG = False\r\n")
    (tmp_path / "settings.py").chmod(0o640)
    (tmp_path / "old.txt").write_bytes(b"old\n")
    return tmp_path


def planned(root: Path) -> FilePlan:
    plan = FilePlan(root)
    plan.write(root / "settings.py", b"DEBUG = False\r\nconfigure(globals())\r\n")
    plan.write(root / "old.txt", b"old\nnew\n")
    plan.write(root / "vendor/a/wheel.whl", b"x" * 1000)
    plan.write(root / "Dockerfile", b"FROM scratch\n")
    return plan


def interrupt() -> None:
    raise KeyboardInterrupt


def on_replace(monkeypatch: pytest.MonkeyPatch, step: int, act) -> None:
    """Call `act` just before the given step replaces a file."""
    replace, calls = Path.replace, iter(range(100))

    def replacing(self: Path, target: Path) -> Path:
        if next(calls) == step:
            act()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replacing)


def run_and_kill(statement: str, root: Path, step: int) -> None:
    """Run a statement in a process that is killed just before the given step replaces a file."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import pytest\n"
        "from django_runtimes.project_files.changes.writing import undo_adoption, write\n"
        "from tests.unit.project_files.changes.test_writing import on_replace, planned, upgraded\n"
        "root = Path(sys.argv[1])\n"
        "kill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n"
        "on_replace(pytest.MonkeyPatch(), int(sys.argv[2]), kill)\n"
        f"{statement}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(root), str(step)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_undo_restores_contents_modes_and_folders(project: Path):
    before = snapshot(project)
    write(planned(project))
    (project / "settings.py").chmod(0o600)

    undone = undo_adoption(project)

    assert snapshot(project) == before
    assert undone.kept == []
    assert undone.restored == ["settings.py", "old.txt", "vendor/a/wheel.whl", "Dockerfile"]


def test_a_written_file_keeps_its_mode(project: Path):
    write(planned(project))

    assert (project / "settings.py").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("step", STEPS)
def test_an_interruption_restores_everything(project: Path, monkeypatch: pytest.MonkeyPatch, step: int):
    before = snapshot(project)
    on_replace(monkeypatch, step, lambda: signal.raise_signal(signal.SIGINT))

    # Otherwise a background process of a shell ignores SIGINT.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write(planned(project))
    finally:
        signal.signal(signal.SIGINT, handler)

    assert snapshot(project) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_run_can_be_undone(project: Path, step: int):
    before = snapshot(project)

    run_and_kill("write(planned(root))", project, step)

    if step:
        with pytest.raises(UsageError, match="an earlier webapp init was interrupted"):
            write(planned(project))
        undo_adoption(project)
        assert snapshot(project) == before
    else:
        # The first step touches no file, so the next run continues.
        write(planned(project))
        undo_adoption(project)
        assert snapshot(project) == before


@pytest.mark.parametrize("step", range(2))
def test_a_killed_undo_can_be_repeated(project: Path, step: int):
    before = snapshot(project)
    write(planned(project))

    run_and_kill("undo_adoption(root)", project, step)
    undo_adoption(project)

    assert snapshot(project) == before


def test_a_full_disk_leaves_nothing_behind(project: Path):
    before = snapshot(project)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    plan = planned(project)
    plan.write(project / "large.whl", b"x" * 100_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(plan)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert snapshot(project) == before


def test_a_file_that_changed_after_the_diff_is_not_overwritten(project: Path):
    plan = planned(project)
    (project / "old.txt").write_bytes(b"mine\n")
    before = snapshot(project)

    with pytest.raises(UsageError, match=r"old\.txt was changed by another process, and nothing is written"):
        write(plan)

    assert snapshot(project) == before


@pytest.mark.parametrize("name", ["settings.py", "Dockerfile"])
def test_undo_refuses_to_change_an_edited_file(project: Path, name: str):
    write(planned(project))
    (project / name).write_bytes(b"mine\n")
    before = snapshot(project)

    with pytest.raises(UsageError, match=f"{name} was edited since webapp init wrote it, and nothing is undone"):
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

    with pytest.raises(UsageError, match=r"old\.txt was removed since"):
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


def upgraded(root: Path) -> FilePlan:
    plan = FilePlan(root)
    plan.remove(root / "vendor/a/wheel.whl")
    plan.remove(root / "old.txt")
    plan.write(root / "vendor/a/newer.whl", b"y" * 1000)
    return plan


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


@pytest.mark.parametrize("step", range(1, 3))
def test_an_interruption_restores_removed_files(project: Path, monkeypatch: pytest.MonkeyPatch, step: int):
    write(planned(project))
    before = snapshot(project)
    on_replace(monkeypatch, step, interrupt)

    with pytest.raises(KeyboardInterrupt):
        write(upgraded(project))

    assert snapshot(project) == before


def test_a_killed_removal_can_be_undone(project: Path):
    before = snapshot(project)
    write(planned(project))

    run_and_kill("write(upgraded(root))", project, 1)
    undo_adoption(project)

    assert snapshot(project) == before


def test_edits_between_two_runs_are_kept(project: Path):
    write(planned(project))
    (project / "old.txt").write_bytes(b"old\nnew\nmine\n")
    plan = FilePlan(project)
    plan.write(project / "old.txt", b"old\nnew\nmine\nnewer\n")
    write(plan)

    undo_adoption(project)

    assert (project / "old.txt").read_bytes() == b"old\nnew\nmine\n"


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


def test_a_link_out_of_the_project_is_not_followed(project: Path, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("outside") / "settings.py"
    outside.write_bytes(b"")
    (project / "settings.py").unlink()
    (project / "settings.py").symlink_to(outside)

    with pytest.raises(UsageError, match=r"settings\.py is a link to .*, and nothing outside"):
        planned(project)


def test_a_link_within_the_project_is_followed(project: Path):
    (project / "config").mkdir()
    (project / "settings.py").rename(project / "config/settings.py")
    (project / "settings.py").symlink_to("config/settings.py")

    write(planned(project))

    assert (project / "settings.py").is_symlink()
    assert (project / "config/settings.py").read_bytes().endswith(b"configure(globals())\r\n")


def test_a_read_only_file_is_refused_by_name(project: Path):
    (project / "old.txt").chmod(0o444)

    with pytest.raises(UsageError, match=r"old\.txt is read-only and needs a change; .* chmod u\+w old\.txt"):
        planned(project)
