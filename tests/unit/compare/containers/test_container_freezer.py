"""Containers are killed through their cgroups, or by the engine while they have none."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_runtimes.compare.containers import container_freezer
from django_runtimes.compare.containers.container_freezer import ContainerFreezer


class KnownContainers:
    def __init__(self) -> None:
        self.ids: dict[int, str] = {}
        self.killed: list[int] = []

    def id_of(self, pid: int) -> str | None:
        return self.ids.get(pid)

    def kill(self, pid: int) -> None:
        self.killed.append(pid)


@pytest.fixture
def client() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process


@pytest.fixture
def containers() -> KnownContainers:
    return KnownContainers()


@pytest.fixture
def freezer(containers: KnownContainers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ContainerFreezer:
    """A freezer that has seen the cgroup of another container, with the process id 1."""
    (tmp_path / "parent" / "libpod-a1").mkdir(parents=True)
    monkeypatch.setattr(container_freezer, "unified_hierarchy", lambda mounts: tmp_path)
    containers.ids[1] = "a1"
    made = ContainerFreezer(containers)
    made.freeze(1)
    return made


def test_a_container_that_has_no_cgroup_yet_is_killed(freezer, containers, client):
    containers.ids[client.pid] = "b2"

    freezer.kill(client.pid)

    assert containers.killed == [client.pid]


def test_nothing_is_killed_after_the_client_has_exited(freezer, containers, client):
    containers.ids[client.pid] = "b2"
    client.stdin.close()
    client.wait()

    freezer.kill(client.pid)

    assert containers.killed == []
