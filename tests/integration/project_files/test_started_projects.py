"""Adopts projects that Django's and Wagtail's own commands have started."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from django_runtimes.compare.workload.reading import load_workload
from tests.integration.project_files.projects import tree


def run(*command: str | Path, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without the suite's own variables, and fail the test if it fails."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("WEBAPP_", "DJANGO_", "DATABASE_"))
    }
    ended = subprocess.run(
        command, cwd=directory, env={**environ, **variables}, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def paths(directory: Path) -> list[str]:
    return [request.path for request in load_workload(directory / "compare.toml", settings_module="x").requests]


def test_a_project_from_django_admin_is_adopted_and_restored(tmp_path: Path):
    webapp = (sys.executable, "-m", "django_runtimes")
    run(sys.executable, "-m", "django", "startproject", "shop", ".", directory=tmp_path)
    before = tree(tmp_path)

    run(*webapp, "init", "--yes", directory=tmp_path)

    assert paths(tmp_path) == ["/admin/login/"]
    run(*webapp, "check", directory=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    run(sys.executable, "manage.py", "check", directory=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    again = run(*webapp, "init", "--yes", directory=tmp_path)
    assert "nothing to change: this project is adopted" in again.stderr
    run(*webapp, "init", "--undo", directory=tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.weekly
def test_a_project_from_wagtail_is_adopted(tmp_path: Path):
    # The new environment also sees the packages of this environment, including the library.
    run(sys.executable, "-m", "venv", "environment", directory=tmp_path)
    python = tmp_path / "environment/bin/python"
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", directory=tmp_path).stdout.strip()
    Path(own, "beside.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    run(python, "-m", "pip", "install", "--quiet", "wagtail", directory=tmp_path)
    run(python.with_name("wagtail"), "start", "blog", directory=tmp_path)
    blog = tmp_path / "blog"
    # Wagtail requires the newest Django, which this environment may not have.
    (blog / "requirements.txt").write_text("django\nwagtail\n")
    before = tree(blog)

    ended = run(python, "-m", "django_runtimes", "init", "--yes", directory=blog)

    assert "blog.settings.production is adopted; the project also has blog.settings.dev" in ended.stderr
    assert paths(blog) == ["/", "/search/"]
    assert "DJANGO_SETTINGS_MODULE=blog.settings.production" in (blog / "Dockerfile.webapp").read_text()
    run(python, "-m", "django_runtimes", "check", directory=blog, PYTHONDONTWRITEBYTECODE="1")
    run(python, "-m", "django_runtimes", "init", "--undo", directory=blog)
    assert tree(blog) == before
