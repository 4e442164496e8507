"""The choice of a container engine, with shell scripts in place of podman and docker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from django_runtimes.cli.container_engine import ContainerEngine
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.containers.usable_engines import usable_engines

PODMAN = """
case "$1" in
    --version) echo "podman version 4.3.1" ;;
    ps) exit 0 ;;
    image) [ "$3" = there ] && echo '[{"Id": "b20c"}]' || { echo "Error: $3: image not known" >&2; exit 125; } ;;
esac
"""
STOPPED_DOCKER = """
[ "$1" = --version ] && { echo "Docker version 28.2.2, build e6534b4"; exit; }
echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" >&2
exit 1
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs shell scripts as the only programs on PATH."""

    def put(**scripts: str) -> None:
        for name, script in scripts.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{script}")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return put


def test_a_broken_engine_is_skipped(install, tmp_path):
    install(podman=PODMAN, docker=STOPPED_DOCKER)

    assert usable_engines() == (ContainerEngine("podman", str(tmp_path / "podman"), "4.3.1"),)


def test_inspecting_an_absent_image_returns_none(install):
    install(podman=PODMAN)
    (engine,) = usable_engines()

    assert engine.inspect_image("there") == {"Id": "b20c"}
    assert engine.inspect_image("absent") is None


def test_without_a_working_engine_the_error_gives_each_reason(install):
    install(docker=STOPPED_DOCKER)

    with pytest.raises(CompareError, match=r"docker does not work: Cannot connect .*; start the engine, or omit"):
        usable_engines()


def test_without_any_engine_the_error_asks_to_install_one(install):
    install()

    with pytest.raises(CompareError, match="needs podman or docker, and neither is installed; install one, or omit"):
        usable_engines()
