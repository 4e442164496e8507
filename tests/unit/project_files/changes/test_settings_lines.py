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


@pytest.mark.parametrize(
    ("content", "middle"),
    [
        ("from .base import *\n", ""),
        ("from . import base\n", ""),
        ("from .base import DEBUG\n", ""),
        ("from shop.base import *\n", ""),
        ("import shop.base\n", ""),
        ("if True:\n    from .base import *\n", ""),
        ("from .middle import *\n", "from shop.base import *\n"),
        ("from .middle import *\n", "from .settings import *\nfrom .base import *\n"),
        ("include('base.py')\n", ""),
    ],
)
def test_settings_that_import_the_call_are_not_changed(tmp_path: Path, content: str, middle: str):
    root = tmp_path / "shop"
    root.mkdir()
    (root / "base.py").write_bytes(LINES)
    (root / "middle.py").write_text(middle)

    (root / "settings.py").write_text(content)
    plan = FilePlan(tmp_path)

    plan_settings(plan, root / "settings.py")

    assert plan.changes == ()
    assert plan.already == ["shop/base.py calls configure()"]


@pytest.mark.parametrize("content", [b"A = 1\n", b"from .base import *\n", b"from .production import *\n"])
def test_a_call_in_a_file_that_is_not_imported_is_ignored(tmp_path: Path, content: bytes):
    (tmp_path / "base.py").write_bytes(b"A = 1\n")
    (tmp_path / "test.py").write_bytes(b"from .settings import *\n" + LINES)

    plan = plan_for(tmp_path, content)

    assert plan.read(tmp_path / "settings.py") == content + LINES


@pytest.mark.parametrize("content", [b"A = (", b"A = 1 \\", b"\xff = 1\n"])
def test_a_file_that_is_not_python_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(UsageError, match=r"settings\.py"):
        plan_for(tmp_path, content)


def test_a_syntax_error_names_the_file_and_the_line(tmp_path: Path):
    with pytest.raises(UsageError, match=r"^settings\.py is not valid Python: .* \(settings\.py, line 2\);"):
        plan_for(tmp_path, b"A = 1\nB = (\n")
