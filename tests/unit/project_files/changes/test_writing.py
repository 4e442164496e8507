"""Either all files are written or none."""

import resource
import signal
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.writing import undo_adoption, write
from tests.unit.project_files.changes.interruptions import on_replace, run_and_kill
from tests.unit.project_files.changes.plans import planned, snapshot, upgraded

STEPS = range(7)


def raise_interrupt() -> None:
    raise KeyboardInterrupt


def test_a_written_file_keeps_its_mode(project: Path):
    write(planned(project))

    assert (project / "settings.py").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("step", STEPS)
def test_an_interruption_restores_everything(project: Path, monkeypatch: pytest.MonkeyPatch, step: int):
    before = snapshot(project)
    on_replace(monkeypatch, step, lambda: signal.raise_signal(signal.SIGINT))

    # Background processes of a shell ignore SIGINT unless they install a handler.
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


@pytest.mark.parametrize("step", range(1, 3))
def test_an_interruption_restores_removed_files(project: Path, monkeypatch: pytest.MonkeyPatch, step: int):
    write(planned(project))
    before = snapshot(project)
    on_replace(monkeypatch, step, raise_interrupt)

    with pytest.raises(KeyboardInterrupt):
        write(upgraded(project))

    assert snapshot(project) == before


# Each step replaces a file: first the record, then the files of the upgrade, then the record.
@pytest.mark.parametrize("step", range(4))
def test_a_killed_upgrade_can_be_undone(project: Path, step: int):
    before = snapshot(project)
    write(planned(project))

    run_and_kill("write(upgraded(root))", project, step)
    undo_adoption(project)

    assert snapshot(project) == before


def test_a_link_out_of_the_project_is_not_followed(project: Path, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("outside") / "settings.py"
    outside.write_bytes(b"")
    (project / "settings.py").unlink()
    (project / "settings.py").symlink_to(outside)

    with pytest.raises(UsageError, match=r"settings\.py is a link to .*, and nothing outside"):
        planned(project)


def test_the_record_is_not_written_outside_the_project(project: Path, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("outside")
    (project / ".webapp").symlink_to(outside)
    before = snapshot(project)

    with pytest.raises(UsageError, match=rf"\.webapp is a link to {outside}, and webapp init writes nothing outside"):
        write(planned(project))

    assert snapshot(project) == before
    assert list(outside.iterdir()) == []


def test_the_records_folder_may_be_a_link_within_the_project(project: Path):
    (project / "state").mkdir()
    (project / ".webapp").symlink_to("state")
    before = snapshot(project)

    write(planned(project))
    assert (project / "state/init.json").is_file()
    undo_adoption(project)

    assert snapshot(project) == before


@pytest.mark.parametrize("is_link", [True, False])
def test_a_record_folder_that_is_none_is_refused(project: Path, *, is_link: bool):
    (project / ".webapp").symlink_to("absent") if is_link else (project / ".webapp").write_text("mine")

    with pytest.raises(UsageError, match=r"\.webapp is not a folder, .*; rename or remove it"):
        write(planned(project))


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
