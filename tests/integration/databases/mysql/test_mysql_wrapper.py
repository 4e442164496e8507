"""MySQL's engine on a real MariaDB: logins, limits, and the end of connections."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError
from django.db.utils import ConnectionHandler

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin
from django_runtimes.databases.sockets import socket_wrapper
from tests.integration.databases.mysql.mysql_entries import first_value, mysql_entry_of

pytestmark = pytest.mark.profile_free

FORKING = """
import os, sys
from django.conf import settings
settings.configure(USE_TZ=True)
from django.db.utils import ConnectionHandler
from tests.integration.databases.mysql.mysql_entries import first_value, mysql_entry_of

wrapper = ConnectionHandler({"default": mysql_entry_of(sys.argv[1])}).create_connection("default")
before = first_value(wrapper, "SELECT CONNECTION_ID()")
if (child := os.fork()) == 0:
    is_dropped = wrapper.connection is None
    sys.exit(0 if is_dropped and first_value(wrapper, "SELECT CONNECTION_ID()") != before else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), first_value(wrapper, "SELECT CONNECTION_ID()") == before)
"""


class RotatingLogin:
    """A provider whose first login is refused."""

    def __init__(self, user: str, *passwords: str) -> None:
        self.user = user
        self.passwords = list(passwords)

    def login(self) -> ConnectionLogin:
        return ConnectionLogin(self.user, Secret(self.passwords[0]))

    def forget(self, refused: ConnectionLogin) -> bool:
        self.passwords.remove(refused.password)
        return bool(self.passwords)


@pytest.fixture
def rider(administrator):
    """A user whose password has characters outside Latin-1."""
    administrator("CREATE USER engine_rider IDENTIFIED BY 'pässwörd-žluť'")
    administrator("GRANT SELECT ON engine_shop.* TO engine_rider")
    yield "engine_rider"
    administrator("DROP USER engine_rider")


def test_a_session_has_djangos_state_and_the_limits(open_wrapper):
    with open_wrapper().cursor() as cursor:
        cursor.execute(
            "SELECT @@autocommit, @@tx_isolation, @@character_set_client, @@max_statement_time, "
            "@@innodb_lock_wait_timeout, @@idle_transaction_timeout"
        )
        assert cursor.fetchone() == (1, "READ-COMMITTED", "utf8mb4", 8.0, 8, 5)


def test_a_refused_login_is_fetched_again_once(open_wrapper, rider, monkeypatch):
    login = RotatingLogin(rider, "former", "pässwörd-žluť")
    monkeypatch.setattr(socket_wrapper, "provider_of", lambda _: login)

    assert first_value(open_wrapper(), "SELECT CURRENT_USER()") == "engine_rider@%"
    assert login.passwords == ["pässwörd-žluť"]


def test_a_login_that_stays_refused_is_an_error_without_the_password(open_wrapper, rider, monkeypatch):
    monkeypatch.setattr(socket_wrapper, "provider_of", lambda _: RotatingLogin(rider, "former", "even older"))

    with pytest.raises(OperationalError, match="Access denied") as refused:
        open_wrapper().ensure_connection()

    assert not hasattr(refused.value.__cause__, "original_exception")


def test_an_unreachable_server_is_an_error_without_the_drivers_frames(open_wrapper):
    with pytest.raises(OperationalError, match="Can't connect") as refused:
        open_wrapper(HOST="127.0.0.1", PORT=1).ensure_connection()

    assert not hasattr(refused.value.__cause__, "original_exception")


def test_a_server_that_says_nothing_is_given_up(open_wrapper, tcp_silence):
    entry = mysql_entry_of(f"mysql://app:secret@127.0.0.1:{tcp_silence}/shop", WEBAPP_DB_CONNECT_TIMEOUT_S="1")
    began_at = time.monotonic()

    with pytest.raises(OperationalError):
        open_wrapper(**entry).ensure_connection()

    # The client waits 10 s for a login by default, and without a limit for an answer.
    assert time.monotonic() - began_at < 40


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
    before = first_value(wrapper, "SELECT CONNECTION_ID()")
    wrapper.evict()

    assert first_value(wrapper, "SELECT CONNECTION_ID()") != before


def test_a_killed_connection_is_not_opened_again_in_silence(open_wrapper, administrator):
    wrapper = open_wrapper()
    number = first_value(wrapper, "SELECT CONNECTION_ID()")
    administrator(f"KILL {number}")

    with pytest.raises(OperationalError):
        first_value(wrapper, "SELECT 1")
    assert not wrapper.is_usable()
    with pytest.raises(InterfaceError):
        first_value(wrapper, "SELECT 1")


def test_the_end_of_a_thread_closes_its_connection(shop, django_db_blocker):
    opened = []

    def work() -> None:
        wrapper = ConnectionHandler({"default": mysql_entry_of(shop)}).create_connection("default")
        wrapper.ensure_connection()
        opened.append(wrapper.connection)

    thread = threading.Thread(target=work)
    with django_db_blocker.unblock():
        thread.start()
        thread.join()

    assert opened[0].closed


def test_a_forked_child_leaves_the_connection_to_its_parent(shop):
    done = subprocess.run(
        [sys.executable, "-c", FORKING, shop],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.stdout == "0 True\n", done.stderr


def test_the_kernel_probes_the_server(open_wrapper):
    wrapper = open_wrapper()
    wrapper.ensure_connection()
    connected = wrapper.connection._sock

    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 2
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2000
