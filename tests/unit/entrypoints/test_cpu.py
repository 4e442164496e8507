"""The number of CPUs that the cgroups of a container allow it."""

from pathlib import Path

import pytest

from django_runtimes.entrypoints.cpu import available_cpus


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("max 100000", 8), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)],
)
def test_a_quota_is_rounded_down_to_whole_cpus_but_at_least_one(tmp_path, quota, cpus):
    root = machine(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{quota}\n"})

    assert available_cpus(8, root=root) == cpus


def test_the_affinity_decides_when_it_is_below_the_quota(tmp_path):
    root = machine(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"})

    assert available_cpus(2, root=root) == 2


def test_the_smallest_quota_of_all_enclosing_groups_decides(tmp_path):
    files = {
        "proc/self/cgroup": "0::/kubepods/pod7/web\n",
        "sys/fs/cgroup/kubepods/cpu.max": "600000 100000\n",
        "sys/fs/cgroup/kubepods/pod7/cpu.max": "300000 100000\n",
        "sys/fs/cgroup/kubepods/pod7/web/cpu.max": "max 100000\n",
    }

    assert available_cpus(8, root=machine(tmp_path, files)) == 3


def test_the_quota_is_read_where_only_the_group_itself_is_mounted(tmp_path):
    files = {"proc/self/cgroup": "0::/ecs/task/container\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}

    assert available_cpus(8, root=machine(tmp_path, files)) == 2


@pytest.mark.parametrize(("quota_us", "cpus"), [("200000", 2), ("-1", 8)])
def test_cgroups_v1_is_read_too(tmp_path, quota_us, cpus):
    files = {
        "proc/self/cgroup": "4:memory:/docker/1f\n3:cpu,cpuacct:/docker/1f\n0::/\n",
        "sys/fs/cgroup/cpu/docker/1f/cpu.cfs_quota_us": f"{quota_us}\n",
        "sys/fs/cgroup/cpu/docker/1f/cpu.cfs_period_us": "100000\n",
    }

    assert available_cpus(8, root=machine(tmp_path, files)) == cpus


def test_without_cgroups_the_affinity_decides(tmp_path):
    assert available_cpus(6, root=tmp_path) == 6
