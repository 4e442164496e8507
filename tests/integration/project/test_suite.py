"""`webapp test` in an existing project."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.integration.compare.process_tree import descendants, remaining

pytestmark = pytest.mark.profile_free

PASSED = ["webapp test: aws_lambda, per_request passed in", "webapp test: aws_ecs, pool passed in"]


def summary(output: str) -> list[str]:
    """Return the summary's lines without their times."""
    lines = [line for line in output.splitlines() if line.startswith("webapp test: ") and " in " in line]
    return [line.rsplit(" ", 2)[0] for line in lines if line.endswith(" s")]


def test_the_suite_passes_under_both_profiles_from_a_subfolder(foreign_below):
    ended = foreign_below.webapp("test", folder="backend/shop")

    assert ended.returncode == 0, ended.stderr
    assert summary(ended.stdout) == PASSED
    assert ended.stdout.startswith("webapp test: aws_lambda, per_request: django with config.settings\n")
    assert ended.stdout.count("Found 4 test(s).") == 2
    assert "W020" not in ended.stderr
    assert "webapp test: not set in this shell, so not passed on: ABSENT (environment in" in ended.stderr


def test_a_failure_under_one_profile_sets_the_exit_code(foreign):
    foreign.write("pyproject.toml", '[tool.webapp]\nsettings = "config.settings"\n')

    ended = foreign.webapp("test", FAILS_ON="aws_lambda")

    assert ended.returncode == 1
    assert summary(ended.stdout) == [
        "webapp test: aws_lambda, per_request failed with exit code 1 in",
        "webapp test: aws_ecs, pool passed in",
    ]
    assert "test_it_passes_in_a_container" in ended.stderr


def test_pytest_is_used_if_the_project_configures_it(foreign):
    foreign.write("config/settings_for_tests.py", "from config.settings import *\nGREETING = 'tested'\n")
    foreign.write(
        "pytest.ini",
        "[pytest]\nDJANGO_SETTINGS_MODULE = config.settings_for_tests\npython_files = tests.py\naddopts = -q\n",
    )

    ended = foreign.webapp(
        "test", "--runtime", "aws_ecs", "shop", "--", "-k", "https or saved", "-p", "no:cacheprovider"
    )

    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.startswith("webapp test: aws_ecs, pool: pytest with config.settings_for_tests\n")
    assert "2 passed, 2 deselected" in ended.stdout
    assert summary(ended.stdout) == ["webapp test: aws_ecs, pool passed in"]


def test_the_environments_settings_module_overrides_pytest_ini(foreign):
    foreign.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = config.absent\npython_files = tests.py\n")

    ended = foreign.webapp("test", "--runtime", "local", "--", "-k", "saved", DJANGO_SETTINGS_MODULE="config.settings")

    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.startswith("webapp test: local, pool: pytest with config.settings\n")


def test_a_database_of_another_engine_is_refused(foreign):
    ended = foreign.webapp(
        "test", "--runtime", "aws_ecs", DATABASE_URL="mysql://app:hush@127.0.0.1:3306/shop?sslmode=prefer"
    )

    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        "webapp test: DATABASE_URL names MySQL, and the suite runs on PostgreSQL; unset it, and a PostgreSQL is started"
    )
    assert "hush" not in ended.stderr


def test_a_suite_without_tests_gives_exit_code_5(foreign):
    foreign.write("pytest.ini", "[pytest]\n")

    ended = foreign.webapp("test", "--runtime", "local", "--", "-k", "nothing")

    assert ended.returncode == 5
    assert summary(ended.stdout) == ["webapp test: local, pool found no tests in"]


def test_a_suite_without_tests_gives_exit_code_5_with_djangos_runner(foreign):
    (foreign.code / "shop/tests.py").unlink()

    ended = foreign.webapp("test", "--runtime", "local")

    assert ended.returncode == 5
    assert summary(ended.stdout) == ["webapp test: local, pool found no tests in"]


def test_a_suite_of_skipped_tests_passes(foreign):
    skipped = "import unittest\n\n\n@unittest.skip('later')\nclass LaterTest(unittest.TestCase):\n"
    (foreign.code / "shop/tests.py").write_text(f"{skipped}    def test_it(self): ...\n")

    ended = foreign.webapp("test", "--runtime", "local")

    assert ended.returncode == 0, ended.stderr
    assert summary(ended.stdout) == ["webapp test: local, pool passed in"]


def test_djangos_runner_works_in_parallel_without_manage_py(foreign):
    (foreign.code / "manage.py").unlink()

    ended = foreign.webapp("test", "--runtime", "aws_ecs", "--", "--parallel", "2", "--noinput", "-v", "0")

    assert ended.returncode == 0, ended.stderr
    assert summary(ended.stdout) == ["webapp test: aws_ecs, pool passed in"]


def test_the_users_server_is_used_without_changing_its_database(foreign, database_server):
    url = database_server.url("postgres")
    with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE shop OWNER {database_server.role}")
        url = database_server.url("shop")
        try:
            ended = foreign.webapp("test", "--runtime", "aws_ecs", DATABASE_URL=url)
            with psycopg.connect(url) as shop:
                tables = shop.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            left = connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'test_shop'").fetchone()
        finally:
            connection.execute("DROP DATABASE shop WITH (FORCE)")

    assert ended.returncode == 0, ended.stderr
    assert (tables, left) == ((0,), (0,))


@contextmanager
def sleeping_suite(foreign) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and yield it once its suite is in the test that sleeps."""
    began = foreign.folder / "began"
    with foreign.popen("test", TOUCH_THEN_SLEEP=str(began)) as process:
        try:
            while not began.exists():
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_suite_leaves_no_process(foreign, number):
    with sleeping_suite(foreign) as process:
        children = descendants(process.pid)

        process.send_signal(number)
        output, _ = process.communicate(timeout=240)

    assert process.returncode == 130
    assert len(children) > 2
    assert remaining(children) == set()
    assert output.endswith("webapp test: aws_lambda, per_request was interrupted\n")


def test_a_killed_command_leaves_no_process(foreign):
    with sleeping_suite(foreign) as process:
        children = descendants(process.pid)

        process.kill()
        process.communicate(timeout=240)

    assert len(children) > 2
    assert remaining(children) == set()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--runtime", "heroku"], "'heroku' is not a runtime; choose one of: aws_app_runner, aws_ecs, aws_lambda, "),
        (["-k", "saved"], "'-k' is not an option of this verb; put options of the test runner after --"),
        (["--runner", "nose"], "argument --runner: invalid choice: 'nose'"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(foreign, arguments, complaint):
    ended = foreign.webapp("test", *arguments)

    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_whitenoise_does_not_warn_of_a_missing_folder(foreign):
    foreign.add_settings("INSTALLED_APPS += ['django.contrib.staticfiles']\nSTATIC_URL = 'static/'\n")
    foreign.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = config.settings\npython_files = tests.py\n")

    ended = foreign.webapp("test", "--", "-W", "error:No directory", "-k", "https", "-p", "no:cacheprovider")

    assert ended.returncode == 0, ended.stdout
    assert summary(ended.stdout) == PASSED


def test_settings_that_require_tls_and_a_manifest_do_not_fail(foreign):
    foreign.demand_tls()
    foreign.add_settings(
        "INSTALLED_APPS += ['django.contrib.staticfiles']\n"
        "STATIC_URL = 'static/'\n"
        "BACKEND = 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'\n"
        "STORAGES = {'staticfiles': {'BACKEND': BACKEND}}\n"
    )
    foreign.write(
        "shop/tests.py",
        "from django.templatetags.static import static\n"
        "from django.test import TestCase\n"
        "from shop.models import Item\n\n\n"
        "class PageTest(TestCase):\n"
        "    def test_a_static_file_has_a_url(self):\n"
        "        assert (static('shop.css'), Item.objects.count()) == ('/static/shop.css', 0)\n",
    )

    ended = foreign.webapp("test")

    assert ended.returncode == 0, ended.stderr
    assert summary(ended.stdout) == PASSED
