"""Limits of execution environments in the cgroup layouts of systemd, docker and podman."""

from pathlib import Path

import pytest

from django_runtimes.compare.emulator import limited_freezer as module
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.freezer import Freezer, SignalFreezer
from django_runtimes.compare.emulator.limited_freezer import LimitRoots, find_limit_roots, freezer_below
from tests.unit.compare.emulator.simulated_cgroups import SimulatedCgroups

LIMITS = ContainerLimits(cpus=0.25, memory_mb=442)
CONTAINER = "3f1c9a"
PID = 4242


@pytest.fixture
def cgroups(monkeypatch: pytest.MonkeyPatch) -> SimulatedCgroups:
    monkeypatch.setattr(module, "choose_freezer", SignalFreezer)
    return SimulatedCgroups(monkeypatch)


def mount(hierarchy: Path, *, root: str = "/", options: str = "") -> str:
    kind = f"cgroup cgroup rw,{options}" if options else "cgroup2 cgroup rw,nsdelegate"
    return f"31 24 0:26 {root} {hierarchy} rw,nosuid,nodev,noexec,relatime shared:9 - {kind}\n"


def settings(group: Path) -> dict[str, str]:
    """Return the files of a group that were written to."""
    names = ("cpu.max", "memory.max", "cpu.cfs_period_us", "cpu.cfs_quota_us", "memory.limit_in_bytes", "cgroup.procs")
    return {name: (group / name).read_text() for name in names if (group / name).exists()}


def adopted(freezer: Freezer | None, *roots: Path) -> list[dict[str, str]]:
    """Adopt a process, and return the settings of its group below each root."""
    assert freezer is not None
    freezer.adopt(PID)
    return [settings(next(root.glob(f"webapp-*/{PID}"))) for root in roots]


VERSION_2 = {"cpu.max": "5000 20000", "memory.max": "463470592", "cgroup.procs": "4242"}
VERSION_1 = [
    {"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "5000", "cgroup.procs": "4242"},
    {"memory.limit_in_bytes": "463470592", "cgroup.procs": "4242"},
]


def test_a_scope_of_systemd_uses_its_slice(cgroups: SimulatedCgroups, tmp_path: Path):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory pids")
    (root / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    manager = cgroups.group(cgroups.group(root / "user.slice", passed_on="cpu memory pids") / "user@1000.service")
    (manager / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    slice_ = cgroups.group(manager / "app.slice", passed_on="cpu memory pids")
    # The process itself is in the scope, so the kernel refuses to pass controllers on there.
    scope = cgroups.group(slice_ / "run-r1.scope", processes="4000\n")

    roots = find_limit_roots(mount(root), f"0::/{scope.relative_to(root)}\n")

    assert roots == LimitRoots(unified=slice_)
    assert adopted(freezer_below(roots, LIMITS), slice_) == [VERSION_2]


def test_a_session_of_root_makes_its_slice_pass_the_cpu_on(cgroups: SimulatedCgroups, tmp_path: Path):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory pids")
    (root / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    slice_ = cgroups.group(root / "user.slice", passed_on="memory pids")
    scope = cgroups.group(slice_ / "session-1.scope", processes="4000\n")

    roots = find_limit_roots(mount(root), f"0::/{scope.relative_to(root)}\n")

    assert roots == LimitRoots(unified=slice_)
    assert (slice_ / "cgroup.subtree_control").read_text() == "cpu memory pids"
    assert adopted(freezer_below(roots, LIMITS), slice_) == [VERSION_2]


def test_a_container_with_its_own_namespace_of_version_2_has_no_root(cgroups: SimulatedCgroups, tmp_path: Path):
    # docker and podman mount the container's group as /sys/fs/cgroup, and its processes are in it.
    host = cgroups.version_2(tmp_path / "host", "cpu memory pids")
    (host / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    container = cgroups.group(host / "container", processes="1\n")

    roots = find_limit_roots(mount(container), "0::/\n")

    assert roots == LimitRoots()
    assert freezer_below(roots, LIMITS) is None


def test_a_container_that_moved_its_processes_away_passes_controllers_on(cgroups: SimulatedCgroups, tmp_path: Path):
    # systemd in podman, and entry points that prepare nested groups, leave the namespace's root without processes.
    host = cgroups.version_2(tmp_path / "host", "cpu memory pids")
    (host / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    container = cgroups.group(host / "container")
    cgroups.group(container / "init.scope", processes="1\n")

    roots = find_limit_roots(mount(container), "0::/init.scope\n")

    assert roots == LimitRoots(unified=container)
    assert adopted(freezer_below(roots, LIMITS), container) == [VERSION_2]


@pytest.mark.parametrize("parent", ["docker", "machine.slice/libpod.scope", "system.slice/docker.scope"])
def test_a_container_in_the_hosts_namespace_uses_the_mounted_subtree(
    cgroups: SimulatedCgroups, tmp_path: Path, parent: str
):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory pids")
    group = f"/{parent}/{CONTAINER}"

    roots = find_limit_roots(mount(root, root=group), f"0::{group}\n")

    assert roots == LimitRoots(unified=root)
    assert adopted(freezer_below(roots, LIMITS), root) == [VERSION_2]


@pytest.mark.parametrize("membership", ["0::/../other\n", "0::/..\n"])
def test_a_group_outside_the_namespace_is_not_used(cgroups: SimulatedCgroups, tmp_path: Path, membership: str):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory")
    cgroups.version_2(tmp_path / "other", "cpu memory")

    assert find_limit_roots(mount(root), membership) == LimitRoots()


def test_version_2_without_the_cpu_controller_has_no_root(cgroups: SimulatedCgroups, tmp_path: Path):
    root = cgroups.version_2(tmp_path / "cgroup", "memory pids")

    assert find_limit_roots(mount(root), "0::/\n") == LimitRoots()


@pytest.mark.parametrize("parent", ["docker", "machine.slice/libpod.scope"])
def test_a_container_of_version_1_uses_its_groups(cgroups: SimulatedCgroups, tmp_path: Path, parent: str):
    cpu = cgroups.version_1(tmp_path / "cpu,cpuacct", "cpu")
    memory = cgroups.version_1(tmp_path / "memory", "memory")
    group = f"/{parent}/{CONTAINER}"
    mounts = mount(cpu, root=group, options="cpu,cpuacct") + mount(memory, root=group, options="memory")

    roots = find_limit_roots(mounts, f"9:memory:{group}\n4:cpu,cpuacct:{group}\n1:name=systemd:{group}\n0::{group}\n")

    assert roots == LimitRoots(cpu=cpu, memory=memory)
    assert adopted(freezer_below(roots, LIMITS), cpu, memory) == VERSION_1


def test_a_service_of_systemd_under_version_1_uses_its_groups(cgroups: SimulatedCgroups, tmp_path: Path):
    cpu = cgroups.version_1(tmp_path / "cpu,cpuacct", "cpu")
    memory = cgroups.version_1(tmp_path / "memory", "memory")
    for hierarchy in (cpu, memory):
        (hierarchy / "system.slice").mkdir()
    mounts = mount(cpu, options="cpu,cpuacct") + mount(memory, options="memory")

    roots = find_limit_roots(mounts, "9:memory:/system.slice\n4:cpu,cpuacct:/system.slice\n")

    assert roots == LimitRoots(cpu=cpu / "system.slice", memory=memory / "system.slice")
    assert adopted(freezer_below(roots, LIMITS), cpu / "system.slice", memory / "system.slice") == VERSION_1


def test_closing_leaves_no_group(cgroups: SimulatedCgroups, tmp_path: Path):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory")
    (root / "cgroup.subtree_control").write_text("+cpu +memory")
    freezer = freezer_below(LimitRoots(unified=root), LIMITS)
    assert freezer is not None
    freezer.adopt(PID)
    next(root.glob(f"webapp-*/{PID}/cgroup.procs")).write_text("")

    freezer.close()

    assert list(root.glob("webapp-*")) == []


def test_the_smallest_quota_is_the_kernels_minimum(cgroups: SimulatedCgroups, tmp_path: Path):
    root = cgroups.version_2(tmp_path / "cgroup", "cpu memory")
    (root / "cgroup.subtree_control").write_text("+cpu +memory")

    (group,) = adopted(freezer_below(LimitRoots(unified=root), ContainerLimits(cpus=0.01, memory_mb=128)), root)

    assert group["cpu.max"] == "1000 20000"
