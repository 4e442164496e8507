"""A failed connection shows no password, secret or token."""

import logging
import os
import subprocess
import sys
import time
import traceback

import pytest
from django.views.debug import ExceptionReporter

from django_runtimes.cli import ports
from tests.integration.databases.postgresql.conftest import backend_pid

pytestmark = pytest.mark.profile_free

STRATEGIES = pytest.mark.parametrize("strategy", ["per_request", "pool"])
SECRET = "hunter2-which-nobody-may-see"


def everything_shown(error: BaseException) -> str:
    """Render an exception as error pages, error trackers and logs do, with the local variables of all frames."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    chain, seen = error, []
    while chain is not None:
        # A tracker also sees the exceptions that `from None` hides.
        seen.append("".join(traceback.TracebackException.from_exception(chain, capture_locals=True).format()))
        seen.append(repr(chain) + repr(chain.args) + repr(vars(chain)))
        chain = chain.__cause__ or chain.__context__
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    return shown + "".join(seen) + reporter.get_traceback_html() + reporter.get_traceback_text()


def failure(wrapper) -> Exception:
    try:
        backend_pid(wrapper)
    except Exception as error:
        return error
    raise AssertionError("the connection succeeded")


@STRATEGIES
@pytest.mark.parametrize("place", ["refused", "closed"])
def test_an_error_shows_no_password(database_server, open_database, settings, caplog, strategy, place):
    settings.DEBUG = True
    caplog.set_level(logging.DEBUG)
    port = database_server.port if place == "refused" else ports.free_port()
    wrapper = open_database(
        f"postgresql://webapp:{SECRET}@127.0.0.1:{port}/postgres",
        WEBAPP_DB_STRATEGY=strategy,
        WEBAPP_DB_POOL_TIMEOUT_S="1",
    )

    error = failure(wrapper)
    # A thread of the pool logs why it cannot connect, and tries again and again.
    deadline_s = time.monotonic() + 120
    while "failed" not in caplog.text + str(error):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)

    assert SECRET not in everything_shown(error)
    assert SECRET not in caplog.text


@STRATEGIES
def test_an_error_shows_no_secret(secrets, role, database_server, open_database, settings, caplog, strategy):
    settings.DEBUG = True
    arn = secrets.store({"username": role, "password": SECRET})
    caplog.set_level(logging.DEBUG)
    wrapper = open_database(
        f"postgresql://unused@127.0.0.1:{database_server.port}/postgres",
        WEBAPP_DB_STRATEGY=strategy,
        WEBAPP_DB_POOL_TIMEOUT_S="1",
        WEBAPP_DB_CREDENTIALS="secretsmanager",
        WEBAPP_DB_SECRET_ARN=arn,
    )

    error = failure(wrapper)

    assert SECRET not in everything_shown(error)
    assert SECRET not in caplog.text


def test_an_error_shows_no_malformed_secret(secrets, open_database, settings):
    settings.DEBUG = True
    wrapper = open_database(
        "postgresql://unused@127.0.0.1:1/postgres",
        WEBAPP_DB_STRATEGY="per_request",
        WEBAPP_DB_CREDENTIALS="secretsmanager",
        WEBAPP_DB_SECRET_ARN=secrets.store({"username": "app", "passwort": SECRET}),
    )

    assert SECRET not in everything_shown(failure(wrapper))


def test_a_process_that_cannot_log_in_does_not_show_its_password(database_server):
    process = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "webapp", "showmigrations", "--traceback"],
        env={
            "PATH": os.environ["PATH"],
            "WEBAPP_DEBUG": "1",
            "WEBAPP_LOG_LEVEL": "debug",
            "WEBAPP_DB_STRATEGY": "per_request",
            "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
            "DATABASE_URL": f"postgresql://webapp:{SECRET}@127.0.0.1:{database_server.port}/postgres",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert process.returncode != 0
    assert "password authentication failed" in process.stderr
    assert SECRET not in process.stderr + process.stdout
