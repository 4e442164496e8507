"""Every way to start a process reads secrets from files."""

import os
import subprocess
import sys

import pytest

from tests.integration.entrypoints.launcher import REQUIRED, connect, container
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

PRINT_KEY = "from django.conf import settings; print(settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)"
MANAGE = f"import django; django.setup(); {PRINT_KEY}"


@pytest.fixture
def environ(tmp_path):
    key, former = tmp_path / "key", tmp_path / "former"
    key.write_text(f"{SECRET_KEY}\n")
    former.write_text("first,second\n")
    return {
        **{name: value for name, value in REQUIRED.items() if name != "WEBAPP_SECRET_KEY"},
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_SECRET_KEY_FILE": str(key),
        "WEBAPP_SECRET_KEY_FALLBACKS_FILE": str(former),
    }


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "django_runtimes.entrypoints.launch", "shell", "-v", "0", "-c", PRINT_KEY],
        ["-m", "webapp", "shell", "-v", "0", "-c", PRINT_KEY],
        ["-c", MANAGE],
    ],
    ids=["image", "webapp", "django"],
)
def test_a_command_reads_the_files(environ, command):
    done = subprocess.run([sys.executable, *command], env=environ, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == f"{SECRET_KEY} ['********', '********']", done.stderr


def test_a_server_reads_the_files(environ, tmp_path):
    files = {name: value for name, value in environ.items() if name.endswith("_FILE")}

    with container(tmp_path / "log", WEBAPP_SECRET_KEY="", **files) as (_, port):
        connection = connect(port)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()


def test_an_error_takes_one_line(environ):
    environ["WEBAPP_SECRET_KEY"] = SECRET_KEY

    done = subprocess.run(
        [sys.executable, "-m", "webapp", "check"], env=environ, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (
        78,
        "webapp: WEBAPP_SECRET_KEY and WEBAPP_SECRET_KEY_FILE are both set; unset one of them\n",
    )
