"""`webapp serve` in an existing project."""

import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from django_runtimes.cli.ports import free_port
from tests.integration.compare.process_tree import descendants, remaining
from tests.integration.project.foreign import WORKLOAD, ForeignProject

pytestmark = pytest.mark.profile_free


@contextmanager
def serving(foreign: ForeignProject, *arguments: str, folder: str = ".") -> Iterator[tuple[subprocess.Popen, str]]:
    """Run the command, and yield its process and URL once it serves."""
    url = f"http://127.0.0.1:{free_port()}"
    with foreign.popen("serve", "--port", url.rpartition(":")[2], *arguments, folder=folder) as process:
        try:
            output = []
            for line in process.stderr:
                output.append(line)
                if line.startswith(f"serving {url} "):
                    break
            else:
                pytest.fail("".join(output))
            process.said = "".join(output)
            yield process, url
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=240)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return answer.read().decode()


def test_a_project_without_a_workload_is_served_from_a_subfolder(foreign_below):
    with serving(foreign_below, folder="backend") as (process, url):
        assert get(f"{url}/") == "héllo"
        assert '"items": 0' in get(f"{url}/items/")
        children = descendants(process.pid)

    assert process.returncode == 130
    assert len(children) > 2
    assert remaining(children) == set()


def test_the_prepare_commands_fill_the_database(foreign):
    foreign.name_workload(WORKLOAD.replace("prepare =", 'environment = { REPLICA_URL = "{database_url}" }\nprepare ='))

    with serving(foreign) as (_, url):
        assert '"items": 3' in get(f"{url}/items/")


def test_the_option_no_prepare_leaves_the_database_empty(foreign):
    foreign.name_workload()

    with serving(foreign, "--no-prepare") as (_, url):
        assert '"items": 0' in get(f"{url}/items/")


def test_nothing_is_started_if_the_settings_do_not_load(foreign):
    ended = foreign.webapp("serve", "--port", str(free_port()), DJANGO_SETTINGS_MODULE="config.absent")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("webapp serve: the settings config.absent are not found: there is")


PRODUCTION = """
SECRET_KEY = ""
DEBUG = False
ALLOWED_HOSTS = ["shop.example"]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_DOMAIN = ".shop.example"
MIDDLEWARE.append("django.middleware.csrf.CsrfViewMiddleware")
"""


def test_settings_for_production_are_served_on_this_machine(foreign):
    foreign.add_settings(PRODUCTION)
    foreign.demand_tls()
    foreign.add_settings(
        "DATABASES['default']['OPTIONS'] |= {'assume_role': 'seller', 'options': '-c search_path=goods'}\n"
    )
    foreign.write(
        "config/urls.py",
        "from django.core import signing\n"
        "from django.http import HttpResponse\n"
        "from django.middleware.csrf import get_token\n"
        "from django.urls import path\n"
        "def page(request):\n"
        "    get_token(request)\n"
        "    return HttpResponse(signing.dumps(request.get_host()))\n"
        "urlpatterns = [path('', page)]\n",
    )

    with serving(foreign) as (process, url), urllib.request.urlopen(f"{url}/", timeout=120) as answer:
        assert ":" in answer.read().decode()
        assert answer.headers["Set-Cookie"].startswith("csrf=")
        assert "Secure" not in answer.headers["Set-Cookie"]

    hosts = "shop.example,localhost,127.0.0.1,[::1]"
    assert "started an embedded PostgreSQL, reached without TLS; " in process.said
    assert "created the schema goods (search_path), the role seller (assume_role) in the embedded" in process.said
    assert f"ALLOWED_HOSTS also has this machine's names (WEBAPP_ALLOWED_HOSTS={hosts})\n" in process.said
    assert "SECURE_SSL_REDIRECT, SESSION_COOKIE_SECURE off, since this serves plain HTTP" in process.said
    assert "CSRF_COOKIE_NAME without the prefix, which browsers accept only over HTTPS (WEBAPP_HTTPS=0)" in process.said
    assert "CSRF_COOKIE_DOMAIN='.shop.example', so browsers drop this cookie on 127.0.0.1 and logins" in process.said
    assert "SECRET_KEY is a new key, since the settings have none" in process.said


def test_settings_that_work_on_this_machine_are_not_changed(foreign):
    with serving(foreign) as (process, url):
        assert get(f"{url}/") == "héllo"

    assert "WEBAPP_" not in process.said


OVERRIDING = """
for line in (BASE_DIR / ".env").read_text().splitlines():
    name, value = line.split("=", 1)
    os.environ[name] = value
"""
LET_ENVIRONMENT_WIN = (
    "let the environment override .env, as load_dotenv() and read_env() do without override=True or overwrite=True\n"
)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("WEBAPP_RUNTIME=local", "the settings config.settings replace the value of WEBAPP_RUNTIME for this run"),
        (
            "DATABASE_URL=postgresql://me@db.example/shop",
            "DATABASES['default'] in config.settings is shop at db.example:5432, although DATABASE_URL names another "
            "database, and your own databases are never touched",
        ),
        ("REPLICA_URL=postgresql://db.example/shop", "the settings config.settings replace the value of REPLICA_URL"),
    ],
)
def test_an_env_file_that_overrides_the_environment_is_reported(foreign, line: str, reason: str):
    path = foreign.code / "config/settings.py"
    path.write_text(path.read_text().replace("GREETING = os", f"{OVERRIDING}GREETING = os"))
    foreign.write(".env", f"{line}\n")
    foreign.name_workload(WORKLOAD.replace("prepare =", 'environment = { REPLICA_URL = "{database_url}" }\nprepare ='))

    ended = foreign.webapp("serve", "--port", str(free_port()))

    assert ended.returncode == 1
    assert f"webapp serve: {reason}" in ended.stderr
    assert ended.stderr.endswith(LET_ENVIRONMENT_WIN)


def test_an_env_file_that_only_adds_variables_is_read(foreign):
    path = foreign.code / "config/settings.py"
    path.write_text(
        path.read_text()
        .replace("GREETING = os", f"{OVERRIDING}GREETING = os")
        .replace("os.environ[name] = value", "os.environ.setdefault(name, value)")
    )
    foreign.write(".env", "WEBAPP_RUNTIME=aws_lambda\nGREETING=hello\nWEBAPP_LOG_LEVEL=error\n")

    with serving(foreign) as (_, url):
        assert get(f"{url}/") == "héllo"
