"""The packages that a cold start loads, and the garbage collector's state afterwards."""

import json
import os
import subprocess
import sys

import pytest

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

# Every cold start imports these packages: add one only if the first request needs it.
LOADED_AT_INIT = {
    "asgiref",
    "awslambdaric",
    "django",
    "django_runtimes",
    "mangum",
    "psycopg",
    "psycopg_binary",
    "pythonjsonlogger",
    "runtime_client",
    "simplejson",
    "sqlparse",
    "typing_extensions",
    "webapp",
    "whitenoise",
}

# The operations function loads the rest in the process of each command.
LOADED_FOR_OPERATIONS = {"awslambdaric", "django_runtimes", "runtime_client", "simplejson"}

SOURCE = """
import gc, importlib, json, sys
before = set(sys.modules)
# The image starts the launcher; awslambdaric then imports the handler's module.
import django_runtimes.entrypoints.launch
importlib.import_module(sys.argv[1])
import awslambdaric.__main__
names = {name.partition(".")[0] for name in set(sys.modules) - before}
third_party = sorted(name for name in names if name not in sys.stdlib_module_names)
observing = sorted(name for name in sys.modules if name.startswith("django_runtimes.observability."))
state = {"enabled": gc.isenabled(), "frozen": gc.get_freeze_count()}
stores = sorted(name for name in sys.modules if name.startswith(("django_runtimes.stores", "django_runtimes.aws")))
print(json.dumps({"stores": stores, "packages": third_party, "observing": observing, **state}))
"""


def load(handler: str, **variables: str) -> dict:
    environ = {
        "PATH": os.environ["PATH"],
        "WEBAPP_RUNTIME": "aws_lambda",
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
        "WEBAPP_LOG_LEVEL": "warning",
        **variables,
    }
    process = subprocess.run(
        [sys.executable, "-c", SOURCE, handler], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = json.loads(process.stdout)
    # Compiled modules also register modules that are not packages.
    loaded["packages"] = {name for name in loaded["packages"] if not name.startswith(("_", "cython"))}
    return loaded


@pytest.fixture(scope="module")
def init_phase() -> dict:
    return load("django_runtimes.entrypoints.aws_lambda")


def test_the_init_phase_loads_only_these_packages(init_phase):
    assert init_phase["packages"] == LOADED_AT_INIT


def test_the_init_phase_loads_nothing_of_parts_that_are_off(init_phase):
    assert init_phase["observing"] == [
        "django_runtimes.observability.apps",
        "django_runtimes.observability.log_encoder",
    ]


def test_the_access_log_and_the_metrics_need_no_further_package():
    loaded = load(
        "django_runtimes.entrypoints.aws_lambda",
        WEBAPP_ACCESS_LOG="1",
        WEBAPP_METRICS="emf",
        WEBAPP_STAGE="shop-production",
    )

    assert loaded["packages"] == LOADED_AT_INIT
    assert loaded["observing"] == [
        f"django_runtimes.observability.{name}"
        for name in (
            "access",
            "access.access_lines",
            "access.access_log",
            "access.observed_request",
            "access.query_times",
            "access.request_filter",
            "access.request_ids",
            "apps",
            "line_formatters",
            "log_encoder",
            "metrics",
            "metrics.embedded_metrics",
            "metrics.metric_table",
            "served_logs",
        )
    ]


def test_the_init_phase_loads_nothing_of_a_store_that_is_off(init_phase):
    assert init_phase["stores"] == []


def test_a_store_loads_no_further_package_before_it_is_used():
    loaded = load("django_runtimes.entrypoints.aws_lambda", WEBAPP_STORE_URL="dynamodb://store", AWS_REGION="eu-west-1")

    assert loaded["packages"] == LOADED_AT_INIT
    # SessionMiddleware loads the sessions, and the cache is loaded on first use.
    assert loaded["stores"] == [
        "django_runtimes.stores",
        "django_runtimes.stores.apps",
        "django_runtimes.stores.sessions",
    ]


def test_the_operations_functions_init_phase_loads_no_django():
    loaded = load(
        "django_runtimes.entrypoints.operations", WEBAPP_DB_ROLE="operations", WEBAPP_ALLOWED_COMMANDS="migrate"
    )

    assert loaded["packages"] == LOADED_FOR_OPERATIONS
    assert loaded["enabled"] is True


def test_the_objects_of_the_init_phase_are_frozen(init_phase):
    assert init_phase["enabled"] is True
    assert init_phase["frozen"] > 10_000
