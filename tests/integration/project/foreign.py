"""Writes a small project that uses the library into a folder, and runs `webapp` in it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.compare.comparison import MAIN, PATIENT

_SETTINGS = """\
import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
GREETING = os.environ["GREETING"]
SECRET_KEY = "django-insecure-of-the-first-day"
DEBUG = True
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shop"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "config.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
if "REPLICA_URL" in os.environ:
    _url = urlsplit(os.environ["REPLICA_URL"])
    DATABASES["replica"] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _url.hostname,
        "PORT": _url.port,
        "NAME": _url.path.strip("/"),
        "USER": _url.username,
        "PASSWORD": _url.password,
        "TEST": {"MIRROR": "default"},
    }

from django_runtimes import configure

configure(globals())
"""
_MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
_URLS = """\
import os

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import path

from shop.models import Item


def items(request):
    assert "UNLISTED" not in os.environ
    # Counts on the replica if there is one.
    alias = "replica" if "replica" in settings.DATABASES else "default"
    return JsonResponse({"items": Item.objects.using(alias).count()})


urlpatterns = [path("", lambda request: HttpResponse(settings.GREETING)), path("items/", items)]
"""
_SEED = """\
import os
import time

from django.core.management.base import BaseCommand

from shop.models import Item


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("count", type=int)

    def handle(self, *, count, **options):
        print("seeding", count)
        time.sleep(float(os.environ.get("SEED_SLEEPS_S", 0)))
        if count == 13:
            raise ValueError("thirteen")
        Item.objects.bulk_create(Item(name=f"item {number}") for number in range(count))
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
        if "TOUCH_THEN_SLEEP" in os.environ:
            Path(os.environ["TOUCH_THEN_SLEEP"]).touch()
            time.sleep(120)
"""
_MODELS = """\
from django.db import models


class Item(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=20)
"""
_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Item", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=20))]
        )
    ]
"""
_FILES = {
    "manage.py": _MANAGE,
    "config/__init__.py": "",
    "config/settings.py": _SETTINGS,
    "config/urls.py": _URLS,
    "shop/__init__.py": "",
    "shop/models.py": _MODELS,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": _MIGRATION,
    "shop/management/__init__.py": "",
    "shop/management/commands/__init__.py": "",
    "shop/management/commands/seed.py": _SEED,
    "shop/tests.py": _TESTS,
}
BLOCK = '[tool.webapp]\nsettings = "config.settings"\nenvironment = ["GREETING", "ABSENT"]\n'
WORKLOAD = """\
name = "shop"

[application]
prepare = [["seed", "3"]]

[[requests]]
name = "items"
scenario = "read"
method = "GET"
path = "/items/"
"""


class ForeignProject:
    """A project in `folder` with its code in `folder / below`; its own variable GREETING is set."""

    def __init__(self, folder: Path, *, below: str = ".") -> None:
        self.folder = folder
        self.code = folder / below
        self.write("pyproject.toml", BLOCK)
        for name, text in _FILES.items():
            path = self.code / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write one file of the project."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def add_settings(self, text: str) -> None:
        """Insert lines into the settings, before configure() is called."""
        path = self.code / "config/settings.py"
        call = "from django_runtimes import configure"
        path.write_text(path.read_text(encoding="utf-8").replace(call, f"{text}\n{call}"), encoding="utf-8")

    def demand_tls(self) -> None:
        """Make the settings require a verified server for every database."""
        self.add_settings(
            "DATABASES['default'] = {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'db.example', 'NAME': 'shop'}\n"
            "for entry in DATABASES.values():\n"
            "    entry['OPTIONS'] = {\n"
            "        'sslmode': 'verify-full', 'sslrootcert': 'system', 'channel_binding': 'require'\n"
            "    }\n"
        )

    def name_workload(self, workload: str = WORKLOAD) -> None:
        """Give the project a compare.toml."""
        self.write("pyproject.toml", BLOCK + 'workload = "compare.toml"\n')
        self.write("compare.toml", workload)

    def popen(self, *arguments: str, folder: str = ".", **variables: str) -> subprocess.Popen[str]:
        """Start the command `webapp`."""
        program = ["-c", f"{PATIENT}{MAIN}"] if arguments[0] == "compare" else ["-m", "django_runtimes"]
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=self.folder / folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "GREETING": "héllo", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def webapp(self, *arguments: str, folder: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command `webapp` to its end."""
        with self.popen(*arguments, folder=folder, **variables) as process:
            try:
                output, errors = process.communicate(timeout=900)
            finally:
                process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)
