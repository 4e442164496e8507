"""`check --deploy` has no warning on any runtime, and nothing is silenced but what belongs to the domain's owner."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

RUNTIMES = ("aws_lambda", "aws_app_runner", "aws_ecs", "kubernetes")
DOCUMENTED = {
    "WEBAPP_SECRET_KEY": SECRET_KEY,
    "WEBAPP_ALLOWED_HOSTS": "shop.example",
    "WEBAPP_DEBUG": "0",
    "WEBAPP_DB_PROXY_HOST": "proxy.example",
    "DATABASE_URL": "postgresql://app:hunter2@db.example/app",
}
SHOW = "from django.conf import settings; print(settings.SILENCED_SYSTEM_CHECKS)"


@pytest.fixture(scope="module")
def new_project(tmp_path_factory) -> Path:
    """What `django-admin startproject` writes, with the two lines that adopt the library."""
    folder = tmp_path_factory.mktemp("new")
    call_command("startproject", "config", str(folder))
    with (folder / "config" / "settings.py").open("a") as settings:
        settings.write("\nfrom django_runtimes import configure\n\nconfigure(globals())\n")
    return folder


def run(folder, settings, runtime, *arguments, **variables):
    environ = DOCUMENTED | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": settings, "WEBAPP_RUNTIME": runtime}
    command = [sys.executable, "-m", "django_runtimes", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ | variables, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.mark.parametrize("headers", ["", "1"], ids=["", "headers"])
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("project", ["guestbook", "new"])
def test_no_warning(project, runtime, headers, new_project):
    folder, settings = (new_project, "config.settings") if project == "new" else (Path.cwd(), "webapp.settings")

    checked = run(
        folder, settings, runtime, "check", "--deploy", "--fail-level", "WARNING", WEBAPP_SECURITY_HEADERS=headers
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (
        0,
        "System check identified no issues (2 silenced).\n",
        "",
    )


@pytest.mark.parametrize("settings", ["webapp.settings", "config.settings"])
def test_what_is_silenced(settings, new_project):
    shown = run(new_project, settings, "aws_ecs", "shell", "-v", "0", "-c", SHOW)

    assert shown.stdout == "['security.W005', 'security.W021']\n", shown.stderr
