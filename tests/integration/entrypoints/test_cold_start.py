"""What a cold start has to load, and how the garbage collector stands afterwards."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.profile_free

# A package more costs every cold start its import: add it here only if the first request cannot do without.
LOADED_AT_INIT = {
    "asgiref",
    "awslambdaric",
    "django",
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

SOURCE = """
import gc, json, sys
before = set(sys.modules)
# What the image starts; awslambdaric's part begins when it asks for the handler's module.
import webapp.entrypoints.launch, webapp.entrypoints.aws_lambda
import awslambdaric.__main__
names = {name.partition(".")[0] for name in set(sys.modules) - before}
third_party = sorted(name for name in names if name not in sys.stdlib_module_names)
print(json.dumps({"packages": third_party, "enabled": gc.isenabled(), "frozen": gc.get_freeze_count()}))
"""


@pytest.fixture(scope="module")
def init_phase() -> dict:
    environ = {
        "PATH": os.environ["PATH"],
        "WEBAPP_RUNTIME": "aws_lambda",
        "WEBAPP_SECRET_KEY": "only-for-the-tests-" + "0123456789" * 5,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
        "WEBAPP_LOG_LEVEL": "warning",
    }
    process = subprocess.run(
        [sys.executable, "-c", SOURCE], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(process.stdout)


def test_the_init_phase_loads_these_packages_and_no_other(init_phase):
    # What compiled modules bring of their own is no package.
    packages = {name for name in init_phase["packages"] if not name.startswith(("_", "cython"))}

    assert packages == LOADED_AT_INIT


def test_the_garbage_collector_runs_again_and_leaves_alone_what_init_made(init_phase):
    assert init_phase["enabled"] is True
    assert init_phase["frozen"] > 10_000
