"""Projects of every layout, adopted and restored."""

import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.project_files.adoption import plan_adoption
from django_runtimes.project_files.changes.writing import undo_adoption, write
from django_runtimes.project_files.dependencies.library import Library, Wheel
from django_runtimes.project_files.dependencies.requirement_text import text_of
from tests.integration.project_files.projects import LAYOUTS, make, tree

HADOLINT = Path(sys.executable).with_name("hadolint")
# The extras with the drivers of the projects that have another database than PostgreSQL.
DRIVERS = {"pip, MySQL": ("mysql",), "uv, SQL Server": ("mssql",), "poetry, Oracle": ("oracle",)}


@pytest.fixture(scope="module", params=LAYOUTS)
def adopted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, library: Library):
    """The adopted project's folder, its tree before the adoption, and the adoption."""
    directory = make(tmp_path_factory.mktemp("project"), request.param)
    before = tree(directory)
    adoption = plan_adoption(directory, library)
    assert tree(directory) == before
    write(adoption.plan)
    return directory, before, adoption


def test_existing_files_get_three_lines_and_one_block(adopted):
    directory, before, _ = adopted
    lines = 0
    for name, (_, old) in before.items():
        new = (directory / name).read_bytes() if old is not None else None
        if new == old:
            continue
        old_lines, new_lines = (text_of(content, name).splitlines() for content in (old, new))
        if name == "pyproject.toml":
            # An empty line precedes the block.
            start = new_lines.index("[tool.webapp]")
            assert new_lines[start - 1] == ""
            new_lines = new_lines[: start - 1]
        # An empty line ends a last line that continues.
        lines += len(new_lines) - len(old_lines) - (old_lines[-1].endswith("\\") and new_lines[-2] == "")
        remaining = iter(new_lines)
        assert all(line in remaining for line in old_lines), name
    assert 2 <= lines <= 3


def test_the_settings_call_configure_last(adopted):
    _, _, adoption = adopted
    content = adoption.layout.settings_file.read_bytes()

    lines = content.split(b"\r\n" if b"\r\n" in content else b"\n")

    assert lines[-3:] == [b"from django_runtimes import configure  # noqa: E402", b"configure(globals())", b""]


def test_the_block_names_the_settings(adopted):
    directory, _, adoption = adopted

    block = tomllib.loads((directory / "pyproject.toml").read_text())["tool"]["webapp"]

    assert block == {"settings": adoption.layout.settings, "workload": "compare.toml"}


def test_the_dependency_has_the_extras_of_the_image(adopted, request: pytest.FixtureRequest):
    _, _, adoption = adopted

    file = adoption.dependencies.file
    text = text_of(file.read_bytes(), file.name)

    extras = ("lambda", "server", "s3", *DRIVERS.get(request.node.callspec.params["adopted"], ()))
    assert f"[{','.join(extras)}]" in text or f"extras = {json.dumps(extras)}" in text


def test_the_workload_reads_pages_that_answer(adopted):
    directory, before, _ = adopted
    if "compare.toml" in before:
        pytest.skip("the project has one of its own")

    workload = load_workload(directory / "compare.toml", settings_module="shop.settings")

    assert [request.path for request in workload.requests] == ["/", "/about/"]


def test_the_dockerfile_passes_hadolint(adopted):
    directory, before, _ = adopted
    name = "Dockerfile.webapp" if "Dockerfile" in before else "Dockerfile"

    ended = subprocess.run([HADOLINT, directory / name], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_projects_own_files_are_not_changed(adopted):
    directory, before, _ = adopted
    for name in ("Dockerfile", ".dockerignore", "compare.toml"):
        if name in before:
            assert (directory / name).read_bytes() == before[name][1]


def test_a_second_adoption_changes_nothing(adopted, library: Library):
    directory, _, _ = adopted

    adoption = plan_adoption(directory, library)

    assert adoption.plan.changes == ()
    assert len(adoption.plan.already) >= 5
    assert not any("without [" in remark for remark in adoption.plan.remarks)


def test_a_newer_library_replaces_the_older_library(adopted, library: Library, tmp_path: Path):
    directory, before, adoption = adopted
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    newer = replace(library, version="99.1")
    newer.__dict__["source"] = Wheel("django_runtimes-99.1-py3-none-any.whl", b"newer")

    write(plan_adoption(copy, newer, settings=adoption.layout.settings).plan)

    assert [path.read_bytes() for path in copy.rglob("*.whl")] == [b"newer"]
    texts = [
        path.read_text("latin-1").replace("\0", "")
        for path in copy.rglob("*")
        if path.is_file() and ".webapp" not in path.parts
    ]
    assert not any(library.source.file_name in text or f">={library.version}" in text for text in texts)
    assert any("django_runtimes-99.1-" in text or ">=99.1" in text for text in texts)
    undo_adoption(copy)
    assert tree(copy) == before


def test_undo_restores_every_byte_and_mode(adopted, tmp_path: Path):
    directory, before, _ = adopted
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)

    undo_adoption(copy)

    assert tree(copy) == before
