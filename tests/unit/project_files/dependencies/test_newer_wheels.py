"""A wheel in the project that a newer one replaces."""

import io
import zipfile
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.library import Wheel
from tests.unit.project_files.dependencies.adopting import (
    WHEEL,
    adopt,
)


def test_another_wheel_of_the_same_version_is_not_overwritten(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / WHEEL.path).write_bytes(b"another")

    with pytest.raises(UsageError, match="is another wheel of the same version; remove it"):
        adopt(tmp_path, {"requirements.txt": "django\n"}, WHEEL)


OLD = "django_runtimes-1.1-py3-none-any.whl"
OLD_HASH = Wheel(OLD, b"old wheel").sha256


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("requirements.txt", f"django\n./vendor/{OLD}[server]\n", f"django\n./{WHEEL.path}[server]\n"),
        (
            "requirements.txt",
            f"django==5.2 --hash=sha256:00\n./vendor/{OLD} --hash=sha256:{OLD_HASH}\n",
            f"django==5.2 --hash=sha256:00\n./{WHEEL.path} --hash=sha256:{WHEEL.sha256}\n",
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["django", "django-runtimes[lambda]>=1.1 ; python_version >= \'3.11\'"]\n',
            '[project]\ndependencies = ["django", "django-runtimes[lambda]>=1.2 ; python_version >= \'3.11\'"]\n',
        ),
        (
            "pyproject.toml",
            f'[tool.poetry.dependencies]\ndjango = "*"\ndjango-runtimes = {{path = "vendor/{OLD}"}}\n',
            f'[tool.poetry.dependencies]\ndjango = "*"\ndjango-runtimes = {{path = "{WHEEL.path}"}}\n',
        ),
    ],
)
def test_a_newer_wheel_replaces_the_older_wheel(tmp_path: Path, name: str, before: str, after: str):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")
    dockerfile = "RUN pip install -r /opt/requirements.txt ./vendor/{}\n"

    plan, _ = adopt(tmp_path, {name: before, "Dockerfile": dockerfile.format(OLD)}, WHEEL)

    assert (plan.read(tmp_path / name) or b"").decode() == after
    assert plan.read(tmp_path / "Dockerfile") == dockerfile.format(WHEEL.file_name).encode()
    assert not plan.exists(tmp_path / "vendor" / OLD)
    assert plan.read(tmp_path / WHEEL.path) == b"wheel"


def test_a_newer_wheel_is_named_in_a_file_that_includes_another_file(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")

    plan, _ = adopt(tmp_path, {"requirements.txt": f"-r deps.in\n./vendor/{OLD}\n", "deps.in": "django\n"}, WHEEL)

    assert plan.read(tmp_path / "requirements.txt") == f"-r deps.in\n./{WHEEL.path}\n".encode()


def test_a_newer_wheel_is_named_in_the_encoding_of_the_file(tmp_path: Path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / OLD).write_bytes(b"old wheel")
    (tmp_path / "requirements.txt").write_bytes(f"django\r\n./vendor/{OLD}\r\n".encode("utf-16"))

    plan, _ = adopt(tmp_path, {}, WHEEL)

    assert plan.read(tmp_path / "requirements.txt") == f"django\r\n./{WHEEL.path}\r\n".encode("utf-16")


def test_a_newer_wheel_in_the_project_is_kept(tmp_path: Path):
    newer = "django_runtimes-1.10-py3-none-any.whl"
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / newer).write_bytes(b"newer")

    plan, _ = adopt(tmp_path, {"requirements.txt": f"django\n./vendor/{newer}\n"}, WHEEL)

    assert plan.changes == ()
    assert plan.remarks == [
        "vendor has django-runtimes 1.10, but this environment has the older 1.2; install the project's requirements "
        "here"
    ]


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("there", "is_replaced"),
    [({"a.py": b"1", "b.dist-info/RECORD": b"other"}, False), ({"a.py": b"2", "b.dist-info/RECORD": b""}, True)],
)
def test_a_wheel_of_the_same_version_is_replaced_if_its_files_differ(
    tmp_path: Path, there: dict[str, bytes], *, is_replaced: bool
):
    wheel = Wheel(WHEEL.file_name, packed({"a.py": b"1", "b.dist-info/RECORD": b""}))
    (tmp_path / "vendor").mkdir()
    (tmp_path / wheel.path).write_bytes(packed(there))

    plan, _ = adopt(tmp_path, {"requirements.txt": f"django\n./{wheel.path}\n"}, wheel)

    assert [change.path.name for change in plan.changes] == ([wheel.file_name] if is_replaced else [])
