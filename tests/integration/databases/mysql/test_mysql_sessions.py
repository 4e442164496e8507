"""What a request leaves in a session of MySQL, for the next request on a kept connection."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from django_runtimes.serving.current_request import Request, current_request
from tests.integration.databases.mysql.mysql_entries import first_value, mysql_entry_of

pytestmark = pytest.mark.profile_free

STATE = [
    ("SET @basket = 7", "SELECT @basket", None),
    ("SET SESSION sql_mode = ''", "SELECT @@sql_mode = ''", 0),
    ("SET NAMES latin1", "SELECT @@character_set_client", "utf8mb4"),
    ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT @@tx_isolation", "READ-COMMITTED"),
    ("SET SESSION max_statement_time = 0", "SELECT @@max_statement_time", 8.0),
    ("SELECT GET_LOCK('basket', 0)", "SELECT IS_USED_LOCK('basket')", None),
    ("SELECT `get_lock`('basket', 0)", "SELECT IS_USED_LOCK('basket')", None),
    ("USE information_schema", "SELECT DATABASE()", "engine_shop"),
    ("CREATE TEMPORARY TABLE basket (id int)", "SHOW TABLES", "orders"),
]


@pytest.mark.parametrize(("statement", "question", "clean"), STATE)
def test_the_next_request_gets_a_clean_session(open_wrapper, statement, question, clean):
    wrapper = open_wrapper()
    number = first_value(wrapper, "SELECT CONNECTION_ID()")
    with wrapper.cursor() as cursor:
        cursor.execute(statement)

    wrapper.close_if_unusable_or_obsolete()

    assert first_value(wrapper, question) == clean
    assert first_value(wrapper, "SELECT CONNECTION_ID()") == number


def test_the_options_of_a_session_survive_its_reset(open_wrapper):
    wrapper = open_wrapper()
    wrapper.settings_dict["OPTIONS"] |= {"sql_mode": "ANSI_QUOTES", "init_command": "SET @greeting = 'hello'"}
    with wrapper.cursor() as cursor:
        cursor.execute("SET @greeting = 'bye', sql_mode = ''")

    wrapper.close_if_unusable_or_obsolete()

    assert first_value(wrapper, "SELECT @greeting") == "hello"
    assert first_value(wrapper, "SELECT @@sql_mode") == "ANSI_QUOTES"


@pytest.fixture
def set_global(administrator) -> Iterator[Callable[[str, str], None]]:
    """Return a function that sets a variable of the server until the test ends."""
    changed = []

    def set_one(name: str, value: str) -> None:
        changed.append(name)
        administrator(f"SET GLOBAL {name} = {value}")

    yield set_one
    for name in changed:
        administrator(f"SET GLOBAL {name} = DEFAULT")


@pytest.fixture
def visitor(administrator, mariadb_server, shop) -> Iterator[str]:
    """Return the URL of a user whose default role may read orders, and who also has the role `editor`."""
    administrator("CREATE USER visitor@'%' IDENTIFIED BY 'visit' WITH MAX_STATEMENT_TIME 300")
    for role in ("reader", "editor"):
        administrator(f"CREATE ROLE {role}")
        administrator(f"GRANT SELECT ON engine_shop.* TO {role}")
        administrator(f"GRANT {role} TO visitor@'%'")
    administrator("SET DEFAULT ROLE reader FOR visitor@'%'")
    yield f"mysql://visitor:visit@127.0.0.1:{mariadb_server.port}/engine_shop"
    administrator("DROP USER visitor@'%'")
    administrator("DROP ROLE reader, editor")


@pytest.mark.parametrize("turned_off_by", ["server", "init_command"])
def test_a_write_after_a_reset_is_committed(open_wrapper, set_global, administrator, turned_off_by):
    wrapper = open_wrapper()
    if turned_off_by == "server":
        set_global("autocommit", "0")
    else:
        wrapper.settings_dict["OPTIONS"] |= {"init_command": "SET autocommit = 0"}
    number = first_value(wrapper, "SELECT CONNECTION_ID()")
    first_value(wrapper, "SELECT @basket := 7")
    wrapper.close_if_unusable_or_obsolete()

    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (7, 'kept')")
    wrapper.close_if_unusable_or_obsolete()

    assert first_value(wrapper, "SELECT CONNECTION_ID()") == number
    assert administrator("DELETE FROM engine_shop.orders WHERE id = 7 RETURNING name") == (("kept",),)


def test_a_session_of_a_server_with_init_connect_is_replaced(open_wrapper, set_global, visitor):
    set_global("init_connect", "'SET @greeting = 5'")
    entry = mysql_entry_of(visitor)
    wrapper = open_wrapper(USER=entry["USER"], PASSWORD=entry["PASSWORD"])
    first_value(wrapper, "SELECT @greeting := 6")

    wrapper.close_if_unusable_or_obsolete()

    assert first_value(wrapper, "SELECT @greeting") == 5


def test_the_next_request_has_the_default_role_and_the_limit_of_the_user(open_wrapper, visitor):
    entry = mysql_entry_of(visitor)
    options = entry["OPTIONS"] | {"statement_timeout": 0}
    wrapper = open_wrapper(USER=entry["USER"], PASSWORD=entry["PASSWORD"], OPTIONS=options)
    number = first_value(wrapper, "SELECT CONNECTION_ID()")
    first_value(wrapper, "SELECT @basket := 7")
    wrapper.close_if_unusable_or_obsolete()
    assert first_value(wrapper, "SELECT CONNECTION_ID()") == number
    assert first_value(wrapper, "SELECT @@max_statement_time") == 300

    with wrapper.cursor() as cursor:
        cursor.execute("SET ROLE editor")
    wrapper.close_if_unusable_or_obsolete()

    assert first_value(wrapper, "SELECT CURRENT_ROLE()") == "reader"
    assert first_value(wrapper, "SELECT @@max_statement_time") == 300


def test_statements_without_state_need_no_reset(open_wrapper, monkeypatch):
    wrapper = open_wrapper()
    first_value(wrapper, "SELECT COUNT(*) FROM orders")
    monkeypatch.setattr(type(wrapper.connection), "reset_session", lambda _: pytest.fail("the session was reset"))

    wrapper.close_if_unusable_or_obsolete()

    assert wrapper.connection is not None


def test_every_session_can_be_reset(open_wrapper, monkeypatch):
    wrapper = open_wrapper(ALWAYS_RESET=True)
    first_value(wrapper, "SELECT COUNT(*) FROM orders")
    resets = []
    monkeypatch.setattr(wrapper.connection, "reset_session", lambda: resets.append(1))

    wrapper.close_if_unusable_or_obsolete()

    assert resets == [1]


def test_a_connection_through_a_proxy_is_replaced(open_wrapper):
    wrapper = open_wrapper(ROUTE="proxy")
    first_value(wrapper, "SELECT 1")
    wrapper.close_if_unusable_or_obsolete()
    assert wrapper.connection is not None

    first_value(wrapper, "SELECT @basket := 7")
    wrapper.close_if_unusable_or_obsolete()

    assert wrapper.connection is None


def test_an_open_transaction_is_rolled_back(open_wrapper):
    wrapper = open_wrapper()
    wrapper.set_autocommit(False)
    first_value(wrapper, "SELECT 1")

    wrapper.close_if_unusable_or_obsolete()

    assert wrapper.connection is None


def test_a_request_on_the_same_thread_does_not_see_an_earlier_ones_session(shop, django_db_blocker):
    """The thread belongs to an executor, so no signal closes the connection between its requests."""
    handler = type(connections)({"default": mysql_entry_of(shop)})
    seen = []

    def request(statement: str) -> None:
        token = current_request.set(Request())
        seen.append(first_value(handler["default"], statement))
        current_request.get().end()
        current_request.reset(token)

    def work() -> None:
        request("SELECT @basket := 7")
        request("SELECT @basket")

    with django_db_blocker.unblock():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert seen == [7, None]


def test_a_job_does_not_see_an_earlier_ones_transaction(shop, django_db_blocker, caplog):
    handler = type(connections)({"default": mysql_entry_of(shop)})

    def leave_transaction() -> int:
        wrapper = handler["default"]
        wrapper.set_autocommit(False)
        return first_value(wrapper, "SELECT CONNECTION_ID()")

    with django_db_blocker.unblock(), ThreadPoolExecutor(max_workers=1) as executor:
        before = executor.submit(leave_transaction).result()
        after = executor.submit(lambda: first_value(handler["default"], "SELECT CONNECTION_ID()")).result()

    assert before != after
    assert "earlier work on this thread left a transaction open" in caplog.text
