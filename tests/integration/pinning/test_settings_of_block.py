"""Runs `webapp pinlint` on a project whose settings stand in the block [tool.webapp]."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

SHOP = Path(__file__).with_name("shop")
BLOCK = '[tool.webapp]\nsettings = "production"\n'
CONFTEST = 'import os\nos.environ["DATABASE_URL"] = os.environ["URL_OF_TESTS"]\n'
PRODUCTION = 'from settings import *\nALLOWED_HOSTS = ["shop.example"]\n'
HOSTS = """
import pytest
from django.conf import settings
from django.contrib.auth.models import Group

@pytest.mark.django_db
def test_hosts():
    Group.objects.count()
    assert "{host}" in settings.ALLOWED_HOSTS
"""


@pytest.fixture
def run_with_block(tmp_path, logging_server):
    """Return a function that lints a project with the block [tool.webapp], whose conftest.py sets a variable."""

    def run(host, *arguments, production=PRODUCTION, configuration="", conftest=CONFTEST):
        (tmp_path / "pyproject.toml").write_text(BLOCK)
        (tmp_path / "production.py").write_text(production)
        (tmp_path / "tests_settings.py").write_text(f"{CONFTEST}from settings import *\n")
        (tmp_path / "settings.py").write_text((SHOP / "settings.py").read_text())
        (tmp_path / "pytest.ini").write_text((SHOP / "pytest.ini").read_text() + configuration)
        (tmp_path / "conftest.py").write_text(conftest)
        (tmp_path / "test_hosts.py").write_text(HOSTS.format(host=host))
        return subprocess.run(
            [sys.executable, "-c", "from django_runtimes.cli.main import main; main()", "pinlint", "-q", *arguments],
            env={"PATH": os.environ["PATH"], "URL_OF_TESTS": logging_server.url("postgres")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def test_settings_of_the_block_load_after_the_conftest(run_with_block):
    process = run_with_block("shop.example", "--route", "data_api")

    assert process.returncode == 0, process.stdout + process.stderr
    assert process.stdout.endswith("nothing would fail on the Data API; checked 2 statements of 1 test\n")


def test_a_conftest_that_imports_models_gets_the_settings_of_the_block(run_with_block):
    conftest = "from django.contrib.auth.models import Group\n"
    process = run_with_block("shop.example", production=CONFTEST + PRODUCTION, conftest=conftest)

    assert process.returncode == 0, process.stdout + process.stderr
    assert process.stdout.endswith("nothing would pin RDS Proxy; checked 2 statements of 1 test\n")


def test_settings_of_pytest_come_before_those_of_the_block(run_with_block):
    process = run_with_block("testserver", configuration="DJANGO_SETTINGS_MODULE = tests_settings\n")

    assert process.returncode == 0, process.stdout + process.stderr


def test_tests_on_a_database_without_rules_give_no_verdict(run_with_block):
    sqlite = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n'

    process = run_with_block("shop.example", "--route", "data_api", production=PRODUCTION + sqlite)

    assert process.returncode == 3, process.stdout + process.stderr
    assert process.stderr == (
        "webapp pinlint: no verdict, since the tests use sqlite, and --route data_api needs postgresql; "
        "set DATABASE_URL to such a server\n"
    )


def test_an_invalid_variable_of_these_settings_ends_with_one_line(run_with_block):
    process = run_with_block("shop.example", production="from django_runtimes import configure\nconfigure(globals())\n")

    assert process.returncode == 78
    assert process.stderr.count("\n") == 1
    assert process.stderr.startswith("webapp pinlint: ")
