"""The wheel that is copied into a project, and the origin of the installed library."""

import io
import json
import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.library import Archive, Git, Wheel, source_of
from django_runtimes.project_files.dependencies.wheel import packed_wheel


def install_package(folder: Path, origin: dict[str, object] | None = None) -> PathDistribution:
    """Create the files of a package that pip has installed."""
    info = folder / "shop_core-1.2.dist-info"
    info.mkdir(parents=True)
    (folder / "shop_core").mkdir()
    (folder / "shop_core/__init__.py").write_text("ANSWER = 42\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-core\nVersion: 1.2\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (info / "INSTALLER").write_text("pip\n")
    names = ["shop_core/__init__.py", *(f"{info.name}/{name}" for name in ("METADATA", "WHEEL", "INSTALLER", "RECORD"))]
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
        names.append(f"{info.name}/direct_url.json")
    lines = [*names, "../../bin/shop", "shop_core/__pycache__/__init__.cpython-311.pyc"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in lines))
    return PathDistribution(info)


def test_an_installed_package_becomes_a_working_wheel(tmp_path: Path):
    name, content = packed_wheel(install_package(tmp_path / "site"))
    (tmp_path / name).write_bytes(content)

    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", "again", name]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)

    assert name == "shop_core-1.2-py3-none-any.whl"
    assert (tmp_path / "again/shop_core/__init__.py").read_text() == "ANSWER = 42\n"
    entries = {path.rpartition("/")[2] for path in zipfile.ZipFile(io.BytesIO(content)).namelist()}
    assert entries == {"__init__.py", "METADATA", "WHEEL", "RECORD"}


def test_an_installation_without_a_list_of_files_is_refused(tmp_path: Path):
    distribution = install_package(tmp_path)
    (tmp_path / "shop_core-1.2.dist-info/RECORD").unlink()

    with pytest.raises(UsageError, match="shop-core has no list of its files; install it again with pip or uv"):
        packed_wheel(distribution)


def test_equal_files_make_equal_wheels(tmp_path: Path):
    assert packed_wheel(install_package(tmp_path / "a")) == packed_wheel(install_package(tmp_path / "b"))


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        (
            {"url": "https://git.example/core", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}, "subdirectory": "py"},
            Git("https://git.example/core", "0a1b", "py"),
        ),
        (
            {"url": "https://x.example/core.whl", "archive_info": {"hashes": {"sha256": "00"}}},
            Archive("https://x.example/core.whl", "sha256=00"),
        ),
        ({"url": "https://x.example/core.whl", "archive_info": {}}, Archive("https://x.example/core.whl", None)),
    ],
)
def test_the_origin_of_an_installed_package_is_read(tmp_path: Path, origin: dict[str, object], source: object):
    assert source_of(install_package(tmp_path, origin)) == source


@pytest.mark.parametrize(
    "origin",
    [
        None,
        {"url": "file:///gone", "dir_info": {}},
        {"url": "file:///gone", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}},
        {"url": "file:///gone/core.whl", "archive_info": {}},
    ],
)
def test_a_package_from_this_machine_becomes_a_wheel(tmp_path: Path, origin: dict[str, object] | None):
    source = source_of(install_package(tmp_path, origin))

    assert isinstance(source, Wheel)
    assert source.path == "vendor/shop_core-1.2-py3-none-any.whl"


def test_a_wheel_that_still_exists_is_copied(tmp_path: Path):
    wheel = tmp_path / "shop_core-1.2-py3-none-any.whl"
    wheel.write_bytes(b"as it was built")

    assert source_of(install_package(tmp_path / "site", {"url": wheel.as_uri(), "archive_info": {}})) == Wheel(
        wheel.name, b"as it was built"
    )
