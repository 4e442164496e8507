"""`webapp check --snapshot` names what environments would share that are restored from a snapshot."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.entrypoints.launcher import REQUIRED

pytestmark = pytest.mark.profile_free

SETTINGS = """
INSTALLED_APPS = ["shop"]
DATABASES = {}
MIDDLEWARE = []
SECRET_KEY = ""
ROOT_URLCONF = "shop.urls"
API_URL = "https://api.example/"
from django_runtimes import configure
configure(globals())
"""
URLS = """
import random
from django.http import HttpResponse
from django.urls import path
import shop.parts
urlpatterns = [path("", lambda request: HttpResponse(random.choice("abc")))]
"""
CAREFUL = """
import random, socket, threading
import django_runtimes
from django.conf import settings
from django.utils.functional import SimpleLazyObject

unused = SimpleLazyObject(lambda: 1 / 0)
listener = socket.create_server(("127.0.0.1", 0))
password = [settings.DATABASES["default"]["PASSWORD"]]

@django_runtimes.before_snapshot
def close():
    listener.close()
    password.clear()
"""
CARELESS = """
import random, socket, tempfile, threading, uuid
from django.conf import settings

class Client:
    def __init__(self, key):
        self.headers = {"Authorization": f"Bearer {key}"}

CLIENT = Client(settings.DATABASES["default"]["PASSWORD"])
INSTANCE = uuid.uuid4()
DICE = random.Random()

def shuffled():
    cards = list(range(5))
    random.shuffle(cards)
    return cards

CARDS = shuffled()
listener = socket.create_server(("127.0.0.1", 0))
peer = socket.create_connection(listener.getsockname())
kept = tempfile.NamedTemporaryFile(prefix="prices-", delete=False)
kept.close()
threading.Thread(target=threading.Event().wait, name="exchange rates", daemon=True).start()
"""


def checked(folder: Path, parts: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "shop").mkdir()
    for name, source in {"__init__": "", "settings": SETTINGS, "urls": URLS, "parts": parts}.items():
        (folder / "shop" / f"{name}.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "django_runtimes", "check", "--snapshot"],
        env={
            "PATH": os.environ["PATH"],
            **REQUIRED,
            "DATABASE_URL": "postgresql://app:hunter2hunter2@127.0.0.1:1/app",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(folder),
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_DB_ROUTE": "direct",
            **variables,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_careless_application(tmp_path: Path):
    ended = checked(tmp_path, CARELESS)

    lines = [re.sub(r"\d{2,5};", "N;", line) for line in ended.stdout.splitlines()]
    lines = [re.sub(r"prices-\w+", "prices-x", line) for line in lines]
    close = "close it in a function with @django_runtimes.before_snapshot"
    file = "create it when a request needs it, or remove it in a function with @django_runtimes.before_snapshot"
    draw = "draw it when it is needed, or again in a function with @django_runtimes.after_restore"
    assert lines == [
        f"socket: a TCP socket that listens or is not connected; {close}",
        f"socket: a TCP connection to 127.0.0.1:N; {close}",
        f"file: prices-x in the folder for temporary files; {file}",
        "thread: exchange rates; end it in a function with @django_runtimes.before_snapshot, and start it after the "
        "restore",
        "secret: shop.parts.CLIENT.headers['Authorization'] holds the value of the password of the database 'default'; "
        "read it from the settings when it is used, or replace it in a function with @django_runtimes.after_restore",
        f"random: shop.parts, line 18, drew from random.shuffle() at import; {draw}",
        f"random: shop.parts, line 10, drew from uuid.uuid4() at import; {draw}",
        "generator: shop.parts.DICE is a random.Random of its own; seed it in a function with "
        "@django_runtimes.after_restore",
        "8 things would be shared by all environments restored from this snapshot",
    ]
    assert "hunter2" not in ended.stdout + ended.stderr
    assert ended.returncode == 1


def test_a_careful_application(tmp_path: Path):
    ended = checked(tmp_path, CAREFUL)

    assert ended.stdout.splitlines() == [
        "Nothing would be shared by all environments restored from this snapshot",
        "System check identified no issues (0 silenced).",
    ], ended.stderr
    assert ended.returncode == 0


def test_a_page_that_fails_is_named_in_one_line(tmp_path: Path):
    ended = checked(tmp_path, CAREFUL, WEBAPP_SNAPSHOT_PATHS="/,/basket/")

    assert ended.stdout.splitlines() == [
        "page: /basket/ answered 404, so what it leaves in the process is not known; start its database, or name other "
        "pages in WEBAPP_SNAPSHOT_PATHS",
        "Nothing would be shared by all environments restored from this snapshot",
    ]
    assert ended.stderr == ""
    assert ended.returncode == 1


def test_invalid_variables_are_one_line(tmp_path: Path):
    ended = checked(tmp_path, CAREFUL, WEBAPP_SNAPSHOT_PATHS="basket")

    assert ended.returncode == 78
    assert ended.stderr == (
        "webapp: WEBAPP_SNAPSHOT_PATHS='basket' does not begin with a slash; write the page's path, such as /basket\n"
    )
