from pathlib import Path

from django_runtimes.compare.containers.container_processes import first_processes


def process(folder: Path, pid: int, parent: int, group: str) -> None:
    directory = folder / str(pid)
    directory.mkdir()
    (directory / "cgroup").write_text(f"5:memory:/{group}\n0::/{group}\n")
    (directory / "stat").write_text(f"{pid} (a (strange) name) S {parent} 1 1")


def test_the_first_process_of_each_container_is_found(tmp_path: Path):
    process(tmp_path, 10, 1, "user.slice")
    process(tmp_path, 20, 1, "libpod_parent/conmon-aaa")
    process(tmp_path, 21, 20, "libpod_parent/libpod-aaa")
    process(tmp_path, 22, 21, "libpod_parent/libpod-aaa")
    process(tmp_path, 30, 1, "system.slice/docker-bbb.scope")
    process(tmp_path, 40, 1, "system.slice/docker-ccc.scope")
    (tmp_path / "50").mkdir()

    assert sorted(first_processes({"aaa", "bbb"}, tmp_path)) == [21, 30]


def test_a_container_in_a_virtual_machine_has_no_process_here(tmp_path: Path):
    process(tmp_path, 10, 1, "user.slice")

    assert first_processes({"aaa"}, tmp_path) == ()
