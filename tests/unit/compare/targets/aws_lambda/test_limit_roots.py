from pathlib import Path

import pytest

from django_runtimes.compare.emulator.limited_freezer import LimitRoots, find_limit_roots


def v1_mount(hierarchy: Path, controllers: str, *, root: str = "/") -> str:
    return f"32 31 0:29 {root} {hierarchy} rw,relatime - cgroup cgroup rw,{controllers}\n"


def v2_mount(hierarchy: Path) -> str:
    return f"41 31 0:38 / {hierarchy} rw - cgroup2 cgroup2 rw\n"


def group(path: Path, *, controllers: str = "cpu memory pids", passed_on: str = "") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "cgroup.procs": "", "cgroup.controllers": controllers, "cgroup.subtree_control": passed_on,
    }.items():  # fmt: skip
        (path / name).write_text(f"{content}\n")
    return path


def test_each_controller_of_version_1_has_its_own_root(tmp_path: Path):
    cpu, memory = group(tmp_path / "cpu"), group(tmp_path / "memory" / "sandbox" / "a1")
    mounts = v1_mount(cpu, "cpu,cpuacct") + v1_mount(tmp_path / "memory", "memory")

    found = find_limit_roots(mounts, "4:memory:/sandbox/a1\n2:cpu,cpuacct:/\n0::/\n")

    assert found == LimitRoots(cpu=cpu, memory=memory)


def test_a_missing_controller_of_version_1_has_no_root(tmp_path: Path):
    cpu = group(tmp_path / "cpu")

    assert find_limit_roots(v1_mount(cpu, "cpu"), "2:cpu:/\n") == LimitRoots(cpu=cpu)


def test_a_mount_of_another_subtree_is_no_root(tmp_path: Path):
    mounts = v1_mount(group(tmp_path / "cpu"), "cpu", root="/elsewhere")

    assert find_limit_roots(mounts, "2:cpu:/sandbox\n") == LimitRoots()


def test_version_2_uses_the_nearest_group_that_passes_the_controllers_on(tmp_path: Path):
    hierarchy = group(tmp_path / "cgroup", passed_on="cpu memory")
    slice_ = group(hierarchy / "user.slice", passed_on="cpu memory pids")
    group(slice_ / "app.scope", controllers="pids")

    assert find_limit_roots(v2_mount(hierarchy), "0::/user.slice/app.scope\n") == LimitRoots(unified=slice_)


def test_a_group_of_version_2_that_can_pass_the_controllers_on_is_used(tmp_path: Path):
    hierarchy = group(tmp_path / "cgroup")

    assert find_limit_roots(v2_mount(hierarchy), "0::/\n") == LimitRoots(unified=hierarchy)
    assert (hierarchy / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_a_hybrid_host_uses_version_1(tmp_path: Path):
    unified = group(tmp_path / "unified", controllers="hugetlb")
    cpu, memory = group(tmp_path / "cpu"), group(tmp_path / "memory")
    mounts = v1_mount(cpu, "cpu") + v1_mount(memory, "memory") + v2_mount(unified)

    found = find_limit_roots(mounts, "4:memory:/\n1:cpu:/\n0::/\n")

    assert found == LimitRoots(cpu=cpu, memory=memory)


@pytest.mark.parametrize("membership", ["", "0::/\n", "1:name=systemd:/\n"])
def test_without_controllers_there_is_no_root(tmp_path: Path, membership: str):
    assert find_limit_roots("", membership) == LimitRoots()
