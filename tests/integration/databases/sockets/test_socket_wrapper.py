"""The mixin for every engine with sockets, before Django's own engine and without this library's sessions and pools."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin
from django_runtimes.databases.postgresql.connections.connecting import FAILED_LOGINS, leave_to_parent
from django_runtimes.databases.sockets import socket_wrapper
from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

pytestmark = pytest.mark.profile_free

FORKING = """
import os, sys
from django.conf import settings
settings.configure(USE_TZ=True)
from tests.integration.databases.sockets.test_socket_wrapper import backend_pid, make

wrapper = make(sys.argv[1])
before = backend_pid(wrapper)
if (child := os.fork()) == 0:
    is_dropped = wrapper.connection is None
    # Python's end in the child would close an inherited connection.
    sys.exit(0 if is_dropped and backend_pid(wrapper) != before else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), backend_pid(wrapper) == before)
"""


class PlainSocketWrapper(SocketWrapperMixin, DjangosWrapper):
    """Django's engine with the mixin alone."""

    failed_logins = FAILED_LOGINS

    def leave_to_parent(self, connection):
        leave_to_parent(connection)


class ChangingLogin:
    """A provider whose first login is refused."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.passwords = ["former", "current"]

    def login(self) -> ConnectionLogin:
        return ConnectionLogin(self.user, Secret(self.passwords[0]))

    def forget(self, refused: ConnectionLogin) -> bool:
        self.passwords.remove(refused.password)
        return bool(self.passwords)


def make(url: str, **entry: object) -> PlainSocketWrapper:
    address = conninfo_to_dict(url)
    database = {
        "NAME": address["dbname"],
        "USER": address["user"],
        "PASSWORD": address.get("password", ""),
        "HOST": address["host"],
        "PORT": address.get("port", ""),
        "CONN_MAX_AGE": None,
        **entry,
    }
    handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", **database}})
    return PlainSocketWrapper(handler.settings["default"], "default")


def backend_pid(wrapper: PlainSocketWrapper) -> int:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.fixture
def open_wrapper(database_server, django_db_blocker) -> Iterator[Callable[..., PlainSocketWrapper]]:
    """Returns new wrappers; `entry` updates their entry of DATABASES."""
    with django_db_blocker.unblock(), ExitStack() as opened:

        def open_one(**entry: object) -> PlainSocketWrapper:
            wrapper = make(database_server.administration_url, **entry)
            opened.callback(wrapper.close)
            return wrapper

        yield open_one


@pytest.fixture
def rider(database_server) -> Iterator[str]:
    """A role with the password `current`."""
    with psycopg.connect(database_server.administration_url, autocommit=True) as administrator:
        administrator.execute("CREATE ROLE socket_rider LOGIN PASSWORD 'current'")
        yield "socket_rider"
        administrator.execute("DROP ROLE socket_rider")


def test_a_refused_login_is_fetched_again_once(open_wrapper, rider, monkeypatch):
    login = ChangingLogin(rider)
    monkeypatch.setattr(socket_wrapper, "provider_of", lambda _: login)
    wrapper = open_wrapper()
    wrapper.ensure_connection()

    assert wrapper.connection.info.user == rider
    assert login.passwords == ["current"]


def test_a_login_that_stays_refused_is_an_error_without_the_password(open_wrapper, rider, monkeypatch):
    login = ChangingLogin(rider)
    login.passwords = ["former", "even older"]
    monkeypatch.setattr(socket_wrapper, "provider_of", lambda _: login)

    with pytest.raises(OperationalError, match="authentication failed") as refused:
        open_wrapper().ensure_connection()

    assert refused.value.__cause__.pgconn is None


def test_a_connection_that_rested_too_long_is_replaced(open_wrapper):
    wrapper = open_wrapper(MAX_REST_S=600.0)
    wrapper.ensure_connection()
    wrapper.close_if_unusable_or_obsolete()
    kept = wrapper.connection
    wrapper.close_if_unusable_or_obsolete()
    assert wrapper.connection is kept is not None

    wrapper.settings_dict["MAX_REST_S"] = 0.0
    wrapper.close_if_unusable_or_obsolete()

    assert wrapper.connection is None


def test_an_evicted_connection_is_replaced(open_wrapper):
    wrapper = open_wrapper()
    before = backend_pid(wrapper)
    wrapper.evict()

    assert backend_pid(wrapper) != before


def test_the_end_of_a_thread_closes_its_connection(database_server, django_db_blocker):
    opened = []

    def work() -> None:
        wrapper = make(database_server.administration_url)
        wrapper.ensure_connection()
        opened.append(wrapper.connection)

    thread = threading.Thread(target=work)
    with django_db_blocker.unblock():
        thread.start()
        thread.join()

    assert opened[0].closed


def test_a_forked_child_leaves_the_connection_to_its_parent(database_server):
    done = subprocess.run(
        [sys.executable, "-c", FORKING, database_server.administration_url],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.stdout == "0 True\n", done.stderr


def test_the_shell_gets_the_current_login(monkeypatch):
    monkeypatch.setattr("django_runtimes.databases.sockets.client.provider_of", lambda _: ChangingLogin("rider"))
    client = PlainSocketWrapper.client_class
    _, environ = client.settings_to_cmd_args_env({"NAME": "shop", "USER": "", "PASSWORD": "", "OPTIONS": {}}, [])

    assert environ["PGPASSWORD"] == "former"
