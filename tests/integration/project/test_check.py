"""Errors of `webapp check`, `webapp doctor` and the servers about a project's settings, each on one line."""

import os
import subprocess
import sys

import pytest

from tests.unit.adopt.projects import DEPLOYED

pytestmark = pytest.mark.profile_free

DEPLOYED = DEPLOYED | {"WEBAPP_DEBUG": "0"}


def refusal(foreign, command: str = "check", **variables: str) -> str:
    ended = foreign.webapp(command, **variables)
    assert ended.returncode == 78, ended.stdout + ended.stderr
    assert ended.stderr.startswith("webapp: ")
    assert "Traceback" not in ended.stderr
    return ended.stderr.removeprefix("webapp: ").rstrip("\n")


def append(foreign, text: str) -> None:
    settings = (foreign.code / "config/settings.py").read_text()
    foreign.write("config/settings.py", settings + text)


def change(foreign, text: str) -> None:
    """Insert a line before the call to configure()."""
    settings = (foreign.code / "config/settings.py").read_text()
    call = "from django_runtimes import configure"
    foreign.write("config/settings.py", settings.replace(call, f"{text}\n{call}"))


def start(foreign, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import the application as a worker does, without a server."""
    return subprocess.run(
        [sys.executable, *(arguments or ("-c", "import django_runtimes.entrypoints.asgi"))],
        cwd=foreign.code,
        env={"PATH": os.environ["PATH"], "GREETING": "hi"} | {"DJANGO_SETTINGS_MODULE": "config.settings", **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_a_missing_settings_module_is_refused(foreign, command):
    foreign.write("pyproject.toml", '[tool.webapp]\nsettings = "nope.settings"\n')

    assert refusal(foreign, command).startswith("the settings nope.settings are not found: there is no module 'nope'; ")


def test_an_error_in_the_settings_keeps_its_traceback(foreign):
    append(foreign, "import absent_package\n")

    ended = foreign.webapp("check")

    assert ended.stderr.startswith("Traceback")
    assert 'config/settings.py", line ' in ended.stderr
    assert ended.stderr.endswith("ModuleNotFoundError: No module named 'absent_package'\n")


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_an_engine_that_is_not_installed_is_refused(foreign, command):
    change(foreign, 'DATABASES["default"]["ENGINE"] = "absent.engine"')

    assert refusal(foreign, command) == (
        "DATABASES['default'] has the engine 'absent.engine', which is not installed; "
        "install its package, or correct the name"
    )


@pytest.mark.parametrize("name", ["DATABASES", "ALLOWED_HOSTS"])
def test_a_setting_that_is_none_is_refused(foreign, name):
    change(foreign, f"{name} = None")

    assert refusal(foreign).startswith(f"{name} is None but must be a ")
    assert refusal(foreign, **DEPLOYED).startswith(f"{name} is None but must be a ")


def test_every_unreadable_variable_is_named(foreign):
    refused = refusal(foreign, WEBAPP_WORKERS="0", WEBAPP_GRACEFUL_TIMEOUT_S="soon").splitlines()

    assert [line.removeprefix("webapp: ").partition("=")[0] for line in refused] == [
        "WEBAPP_WORKERS",
        "WEBAPP_GRACEFUL_TIMEOUT_S",
    ]
    assert refusal(foreign, WEBAPP_WORKERS="99999999").startswith("WEBAPP_WORKERS='99999999' ")


def test_an_unreadable_variable_hides_no_mistake_in_the_settings(foreign):
    change(foreign, "DEBUG = True; STATICFILES_STORAGE = 'own.Static'")
    variables = {name: value for name, value in DEPLOYED.items() if name != "WEBAPP_DEBUG"}

    lines = refusal(foreign, **variables, WEBAPP_THREADS="0").split("\nwebapp: ")

    assert [line.partition(" ")[0] for line in lines] == [
        "WEBAPP_THREADS='0'",
        "DEBUG=True",
        "STATICFILES_STORAGE='own.Static'",
    ]


def test_an_error_in_the_settings_hides_no_unreadable_variable(foreign):
    append(foreign, "import absent_package\n")

    assert refusal(foreign, WEBAPP_THREADS="0").startswith("WEBAPP_THREADS='0' is not a whole number")


def test_a_module_without_the_configured_settings_is_refused(foreign):
    foreign.write("config/live.py", "import config.settings\nfrom config.settings import DATABASES, INSTALLED_APPS\n")
    beginning = "config.live lacks the settings that configure() set in config.settings, line "

    assert refusal(foreign, **DEPLOYED, DJANGO_SETTINGS_MODULE="config.live").startswith(beginning)
    served = start(
        foreign, "-m", "django_runtimes.entrypoints.launch", **DEPLOYED, DJANGO_SETTINGS_MODULE="config.live"
    )
    assert (served.returncode, served.stderr.startswith(f"webapp: {beginning}")) == (78, True)


def test_removing_apps_after_configure_is_refused_everywhere(foreign):
    append(foreign, 'INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shop"]\n')
    text = "lacks django_runtimes.adopt, django_runtimes.databases, django_runtimes.operations, "

    assert text in refusal(foreign, **DEPLOYED)
    assert text in " ".join(foreign.webapp("doctor", "settings", **DEPLOYED).stdout.split())
    assert text in start(foreign, **DEPLOYED).stderr


def test_setting_debug_after_configure_is_refused_everywhere(foreign):
    append(foreign, "DEBUG = True\n")
    text = "DEBUG=True was set after configure() in config.settings, line "

    checked = foreign.webapp("check", **DEPLOYED)

    assert (checked.returncode, text in checked.stderr, "django_runtimes.E029" in checked.stderr) == (1, True, True)
    assert text in " ".join(foreign.webapp("doctor", "settings", **DEPLOYED).stdout.split())
    assert text in start(foreign, **DEPLOYED).stderr


def test_a_server_starts_if_nothing_was_set_after_configure(foreign):
    assert start(foreign, **DEPLOYED).returncode == 0


def test_an_import_of_psycopg2_in_a_view_is_reported(foreign):
    foreign.write("psycopg2/__init__.py", "class Error(Exception):\n    pass\n")
    foreign.write(
        "shop/views.py",
        "import psycopg2\nfrom django.http import HttpResponse\n\n\n"
        "def buy(request):\n    try:\n        return HttpResponse()\n    except psycopg2.Error:\n        raise\n",
    )
    urls = (foreign.code / "config/urls.py").read_text()
    foreign.write("config/urls.py", f"from shop.views import buy\n{urls}urlpatterns.append(path('buy/', buy))\n")

    # Django runs its checks in no fixed order; this one must not need the URLconf to be imported before.
    program = (
        "import django; django.setup(); from django_runtimes.adopt.apps import check_adoption; print(check_adoption())"
    )

    assert "shop.views imports psycopg2" in start(foreign, "-c", program, WEBAPP_DEBUG="1").stdout
    assert "(django_runtimes.W027) shop.views imports" in foreign.webapp("check", WEBAPP_DEBUG="1").stderr


def test_an_error_in_the_urlconf_is_left_to_django(foreign):
    foreign.write("config/urls.py", "urlpatterns = absent\n")

    ended = foreign.webapp("check", WEBAPP_DEBUG="1")

    assert ended.returncode == 1
    assert ended.stderr.count("NameError: name 'absent' is not defined") == 1


def test_an_invalid_database_url_and_route_are_listed_together(foreign):
    change(foreign, "DEBUG = False; ALLOWED_HOSTS = ['shop.example']; SECRET_KEY = '0123456789abcdef' * 4")

    refused = refusal(
        foreign,
        WEBAPP_RUNTIME="aws_lambda",
        WEBAPP_DB_ROUTE="tunnel",
        DATABASE_URL="db2://app:hunter2@db.example/shop",
    )

    assert sorted(line.removeprefix("webapp: ").partition(" ")[0] for line in refused.splitlines()) == [
        "DATABASE_URL",
        "WEBAPP_DB_ROUTE='tunnel'",
    ]
    assert "hunter2" not in refused


def test_a_database_url_of_the_projects_own_is_no_mistake(foreign):
    ended = foreign.webapp("check", DATABASE_URL="db2://app@db.example/shop")

    assert ended.returncode == 0, ended.stderr
