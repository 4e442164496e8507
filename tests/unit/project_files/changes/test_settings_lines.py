"""The two lines at the end of a settings file."""

from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.file_plan import FilePlan
from django_runtimes.project_files.changes.settings_lines import plan_settings

LINES = b"from django_runtimes import configure  # noqa: E402\nconfigure(globals())\n"


def plan_for(root: Path, content: bytes) -> FilePlan:
    (root / "settings.py").write_bytes(content)
    plan = FilePlan(root)
    plan_settings(plan, root / "settings.py")
    return plan


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"A = 1\n", LINES),
        (b"A = 1", b"\n" + LINES),
        (b"A = 1\r\n", LINES.replace(b"\n", b"\r\n")),
        (b"", LINES),
        (b"try:\n    from .local import *\nexcept ImportError:\n    pass\n", LINES),
        (b"\xef\xbb\xbfA = 1\n", LINES),
        (b"# coding: latin-1\nA = '\xe9'\n", LINES),
    ],
)
def test_the_lines_are_appended(tmp_path: Path, content: bytes, end: bytes):
    plan = plan_for(tmp_path, content)

    assert plan.read(tmp_path / "settings.py") == content + end


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        b"import django_runtimes\ndjango_runtimes.configure(globals())\n",
        b"from django_runtimes import configure as c, configure\nA = 1\nRUNTIME = configure(globals())\n",
    ],
)
def test_settings_that_call_configure_are_not_changed(tmp_path: Path, content: bytes):
    plan = plan_for(tmp_path, content)

    assert plan.changes == ()
    assert plan.already == ["settings.py calls configure()"]


def test_settings_that_import_the_call_are_not_changed(tmp_path: Path):
    (tmp_path / "base.py").write_bytes(LINES)

    assert plan_for(tmp_path, b"from .base import *\n").already == ["base.py calls configure()"]


@pytest.mark.parametrize("content", [b"A = (", b"A = 1 \\", b"\xff = 1\n"])
def test_a_file_that_is_not_python_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(UsageError, match=r"settings\.py"):
        plan_for(tmp_path, content)
