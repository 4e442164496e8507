"""A small project of somebody else's, written into a folder, and the command `webapp` run in it."""

import os
import subprocess
import sys
from pathlib import Path

_SETTINGS = """\
import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
GREETING = os.environ["GREETING"]
SECRET_KEY = os.environ["WEBAPP_SECRET_KEY"]
DEBUG = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shop"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "config.urls"
_url = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _url.hostname,
        "PORT": _url.port,
        "NAME": _url.path.strip("/"),
        "USER": _url.username,
        "PASSWORD": _url.password,
    }
}
RUNTIME_DETECTION = os.environ["WEBAPP_RUNTIME"]
"""
_MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
_TESTS = """\
import os
import time
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import TestCase

from shop.models import Item


class ItemTest(TestCase):
    def test_an_item_is_saved(self):
        Item.objects.create(name="cup")

        assert Item.objects.get().name == "cup"
        assert connection.settings_dict["NAME"].startswith("test_")

    def test_a_page_answers_without_https(self):
        assert self.client.get("/").content.decode() == settings.GREETING

    def test_it_passes_in_a_container(self):
        assert "FAILS_ON" not in os.environ or os.environ["WEBAPP_RUNTIME"] != os.environ["FAILS_ON"]

    def test_it_ends(self):
        if "SLEEPS_ONCE_THERE_IS" in os.environ:
            Path(os.environ["SLEEPS_ONCE_THERE_IS"]).touch()
            time.sleep(120)
"""
_FILES = {
    "manage.py": _MANAGE,
    "config/__init__.py": "",
    "config/settings.py": _SETTINGS,
    "config/urls.py": (
        "from django.conf import settings\n"
        "from django.http import HttpResponse\n"
        "from django.urls import path\n\n"
        'urlpatterns = [path("", lambda request: HttpResponse(settings.GREETING))]\n'
    ),
    "shop/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\n\n\nclass Item(models.Model):\n    name = models.CharField(max_length=20)\n"
    ),
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": (
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        "    operations = [\n"
        '        migrations.CreateModel("Item", [("id", models.AutoField(primary_key=True)),\n'
        '                                        ("name", models.CharField(max_length=20))])\n'
        "    ]\n"
    ),
    "shop/tests.py": _TESTS,
}
BLOCK = '[tool.webapp]\nsettings = "config.settings"\nenvironment = ["GREETING", "ABSENT"]\n'


class ForeignProject:
    """A project in `folder`, whose code lies in `folder / below`; its own variable GREETING is set."""

    def __init__(self, folder: Path, *, below: str = ".") -> None:
        self.folder = folder
        self.code = folder / below
        self.write("pyproject.toml", BLOCK)
        for name, text in _FILES.items():
            self.write(name, text, code=True)

    def write(self, name: str, text: str, *, code: bool = False) -> None:
        """One file of the project, or of its code."""
        path = (self.code if code else self.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def popen(self, *arguments: str, folder: str = ".", **variables: str) -> subprocess.Popen[str]:
        """The command `webapp`, begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "django_runtimes", *arguments],
            cwd=self.folder / folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "GREETING": "héllo", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def webapp(self, *arguments: str, folder: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """The command `webapp`, to its end."""
        with self.popen(*arguments, folder=folder, **variables) as process:
            try:
                output, errors = process.communicate(timeout=240)
            finally:
                process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)
