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
    "simplejson",
    "sqlparse",
    "typing_extensions",
    "webapp",
    "whitenoise",
}

# The modules of the parts that a variable turns on, or that the guestbook's models, forms and views use: a part that is
# off costs its app and no more.
LOADED_OF_PARTS = {
    "aws": [],
    "files": [
        "",
        ".apps",
        ".claims",
        ".direct_upload",
        ".row_files",
        ".sent_upload",
        ".upload_fields",
        ".upload_limits",
        ".upload_view",
        ".upload_widget",
        ".urls",
    ],
    "mail": [],
    "migration_gate": ["", ".apps"],
    "observability": ["", ".apps", ".line_formatters", ".log_encoder"],
    "operations": ["", ".apps"],
    "outages": ["", ".uncaught"],
    "security": [],
    "stores": [],
    "throttling": ["", ".clients", ".throttle_rule", ".throttled_view"],
}

# The operations function loads the rest in the process of each command.
LOADED_FOR_OPERATIONS = {"awslambdaric", "django_runtimes", "simplejson"}

# The library's loop replaces awslambdaric's client and its bootstrap.
LOADED_OF_AWSLAMBDARIC = [
    "awslambdaric",
    "awslambdaric.lambda_context",
    "awslambdaric.lambda_runtime_exception",
    "awslambdaric.lambda_runtime_marshaller",
]
LOADED_OF_THE_LOOP = [
    f"django_runtimes.serving.aws_lambda.runtime_loop{name}"
    for name in (
        "",
        ".error_report",
        ".invocation_loop",
        ".patched_bootstrap",
        ".runtime_client",
        ".runtime_connection",
        ".runtime_logs",
        ".stream_outlet",
    )
]

SOURCE = """
import gc, importlib, json, sys
before = set(sys.modules)
# The launcher imports the handler's module, and then runs the loop.
import django_runtimes.entrypoints.launch
import django_runtimes.entrypoints.lambda_process
importlib.import_module(sys.argv[1])
import django_runtimes.serving.aws_lambda.runtime_loop.invocation_loop
names = {name.partition(".")[0] for name in set(sys.modules) - before}
third_party = sorted(name for name in names if name not in sys.stdlib_module_names)
observing = sorted(name for name in sys.modules if name.startswith("django_runtimes.observability."))
state = {"enabled": gc.isenabled(), "frozen": gc.get_freeze_count()}
stores = sorted(name for name in sys.modules if name.startswith(("django_runtimes.stores", "django_runtimes.aws")))
engines = sorted(name for name in sys.modules if name.startswith("django_runtimes.databases.interface."))
state |= {"stores": stores, "engines": engines}
state["own"] = sorted(name for name in sys.modules if name.startswith("django_runtimes."))
state["streams"] = sorted(name for name in sys.modules if "aws_lambda.streams" in name)
state["loop"] = sorted(name for name in sys.modules if ".runtime_loop" in name or name.startswith("awslambdaric"))
print(json.dumps({"packages": third_party, "observing": observing, **state}))
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


def test_the_loop_loads_neither_awslambdarics_client_nor_its_bootstrap(init_phase):
    assert init_phase["loop"] == LOADED_OF_AWSLAMBDARIC + LOADED_OF_THE_LOOP


def test_the_init_phase_loads_no_code_that_only_streams_need(init_phase):
    assert init_phase["streams"] == [
        "django_runtimes.serving.aws_lambda.streams",
        "django_runtimes.serving.aws_lambda.streams.reply_stream",
        "django_runtimes.serving.aws_lambda.streams.whole_body",
    ]


@pytest.mark.parametrize("part", LOADED_OF_PARTS)
def test_the_init_phase_loads_only_these_modules_of_a_part(init_phase, part):
    package = f"django_runtimes.{part}"

    loaded = [name.removeprefix(package) for name in init_phase["own"] if f"{name}.".startswith(f"{package}.")]

    assert loaded == LOADED_OF_PARTS[part]


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


def test_the_init_phase_loads_no_answer_of_a_database_engine(init_phase):
    assert init_phase["engines"] == ["django_runtimes.databases.interface.engine_registry"]


def test_the_middleware_of_a_limit_needs_no_further_package():
    loaded = load("django_runtimes.entrypoints.aws_lambda", WEBAPP_STORE_URL="memory://", WEBAPP_THROTTLE="100/m")

    assert loaded["packages"] == LOADED_AT_INIT
    assert loaded["stores"] == [
        "django_runtimes.stores",
        "django_runtimes.stores.apps",
        "django_runtimes.stores.counters",
        "django_runtimes.stores.counters.counter",
        "django_runtimes.stores.counters.process_counter",
    ]


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
