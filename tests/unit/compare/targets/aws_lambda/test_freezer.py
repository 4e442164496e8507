from pathlib import Path

from django_runtimes.compare.emulator.freezer import own_cgroup, unified_hierarchy

V1 = "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
HYBRID = V1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
UNIFIED = "29 23 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_the_group_is_found_under_the_unified_mount():
    assert own_cgroup(UNIFIED, "0::/user.slice/app.scope\n") == Path("/sys/fs/cgroup/user.slice/app.scope")


def test_the_group_is_found_where_a_hybrid_host_mounts_v2():
    assert own_cgroup(HYBRID, "6:freezer:/\n0::/\n") == Path("/sys/fs/cgroup/unified")


def test_the_v1_freezer_is_not_used():
    assert own_cgroup(V1, "6:freezer:/\n") is None
    assert own_cgroup(V1, "6:freezer:/\n0::/\n") is None


def test_a_mount_of_a_subtree_shortens_the_path():
    mounted = "41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n"

    assert own_cgroup(mounted, "0::/docker/abc/worker\n") == Path("/sys/fs/cgroup/worker")
    assert own_cgroup(mounted, "0::/elsewhere\n") is None


def test_the_unified_hierarchy_is_where_v2_is_mounted():
    assert unified_hierarchy(HYBRID) == Path("/sys/fs/cgroup/unified")
    assert unified_hierarchy(V1) is None
