"""Logins from Secrets Manager, and connections after a rotation."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Semaphore

import pytest

from django_runtimes.config.databases.credentials import StoredSecret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.provider import provider_of
from django_runtimes.databases.credentials.secretsmanager import SecretsManagerProvider
from django_runtimes.databases.postgresql.base import DatabaseWrapper
from django_runtimes.moment import Moment
from tests.integration.databases.postgresql.conftest import backend_pid, kill
from tests.moto import REGION

pytestmark = pytest.mark.profile_free

STRATEGIES = pytest.mark.parametrize("strategy", ["per_request", "persistent", "pool"])


class CountingProvider(SecretsManagerProvider):
    reads = 0

    def _read(self) -> ConnectionLogin:
        self.reads += 1
        return super()._read()


class CrowdedProvider(CountingProvider):
    """Reads the secret once this many threads have asked for a login."""

    expected = 8

    def __init__(self, secret: StoredSecret, *, user: str) -> None:
        super().__init__(secret, user=user)
        self._asked = Semaphore(0)

    def login(self) -> ConnectionLogin:
        self._asked.release()
        return super().login()

    def _read(self) -> ConnectionLogin:
        for _ in range(self.expected):
            assert self._asked.acquire(timeout=120)
        return super()._read()


def provider(arn: str, ttl_s: float = 300) -> CountingProvider:
    return CountingProvider(StoredSecret(arn, ttl_s), user="app")


def test_an_rds_secret_also_contains_the_user(secrets):
    arn = secrets.store({"engine": "postgres", "username": "shop", "password": "hunter2", "port": 5432})

    assert provider(arn).login() == ConnectionLogin("shop", "hunter2")


@pytest.mark.parametrize("text", ["hunter2", "12345", '"quoted"', "hal{f"])
def test_a_plain_text_secret_is_a_password(secrets, text):
    assert provider(secrets.store(text)).login() == ConnectionLogin("app", text)


@pytest.mark.parametrize("text", ["hunter2\n", "hunter2\r\n"])
def test_a_trailing_newline_is_not_part_of_the_password(secrets, text):
    assert provider(secrets.store(text)).login().password == "hunter2"


def test_a_secret_is_kept_for_its_ttl(secrets):
    arn = secrets.store("first")
    short, long = provider(arn, ttl_s=0.2), provider(arn)
    assert short.login() == long.login()
    secrets.replace(arn, "second")

    time.sleep(0.25)

    assert short.login().password == "second"
    assert long.login().password == "first"


def test_a_refused_login_is_read_again_at_most_once_a_second(secrets, monkeypatch):
    source = provider(secrets.store("first"))
    refused = source.login()
    age_s = 0.9
    monkeypatch.setattr(Moment, "age_s", property(lambda _: age_s))
    assert source.forget(refused) is False
    assert source.reads == 1
    age_s = 1.05

    assert source.forget(refused) is False
    assert source.reads == 2
    age_s = 0.0
    assert [source.forget(refused) for _ in range(4)] == [False] * 4

    assert source.reads == 2


def test_a_login_reread_by_another_thread_is_tried_again(secrets):
    arn = secrets.store("first")
    source = provider(arn, ttl_s=0.01)
    refused = source.login()
    secrets.replace(arn, "second")
    time.sleep(0.05)
    assert source.login().password == "second"

    assert source.forget(refused) is True
    assert source.reads == 2


def test_concurrent_threads_read_the_secret_once(secrets):
    source = provider(secrets.store("hunter2"))
    together = Barrier(8)

    def log_in(_) -> ConnectionLogin:
        together.wait()
        return source.login()

    with ThreadPoolExecutor(8) as threads:
        logins = list(threads.map(log_in, range(8)))

    assert set(logins) == {ConnectionLogin("app", "hunter2")}
    assert source.reads == 1


def test_the_former_login_is_kept_if_it_cannot_be_read_again(secrets, caplog):
    arn = secrets.store("hunter2")
    source = provider(arn, ttl_s=0.01)
    source.login()
    secrets.delete(arn)
    time.sleep(0.05)

    assert source.login() == ConnectionLogin("app", "hunter2")

    (record,) = [record for record in caplog.records if record.name.startswith("django_runtimes")]
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"{arn} cannot be read: ResourceNotFoundException; ")
    assert record.getMessage().endswith("; the previous login is still used")
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"username": "hunter2"}', "it is JSON without the string 'password'"),
        ('{"password": 70070707}', "it is JSON without the string 'password'"),
        ('{"username": "hunter2", "password": ""}', "it is JSON without the string 'password'"),
        ('["hunter2"]', "it is JSON without the string 'password'"),
        ("null", "it is JSON without the string 'password'"),
        ("{hunter2", "it is malformed JSON"),
        ('  {"username": "app", "password": "hunter2",}', "it is malformed JSON"),
        ("[hunter2", "it is malformed JSON"),
        (" ", "it is empty or binary"),
    ],
)
def test_a_malformed_secret_is_refused_without_showing_it(secrets, value, message):
    arn = secrets.store(value)

    with pytest.raises(CredentialsError) as error:
        provider(arn).login()

    assert str(error.value).startswith(f"{arn} cannot be read: {message}; store ")
    assert "hunter2" not in str(error.value)
    assert "7007" not in str(error.value)
    assert error.value.__context__ is None


def test_the_error_for_a_missing_secret_names_it_and_the_permission(secrets):
    arn = secrets.store("first")
    secrets.delete(arn)

    with pytest.raises(CredentialsError, match="ResourceNotFoundException; check the permission") as error:
        provider(arn).login()

    assert str(error.value).startswith(f"{arn} cannot be read: ")
    assert error.value.__context__ is None


def test_a_login_fails_soon_if_the_service_is_unreachable(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    started_s = time.monotonic()

    with pytest.raises(CredentialsError, match=r"127\.0\.0\.1:1 does not answer"):
        provider(f"arn:aws:secretsmanager:{REGION}:123456789012:secret:guestbook").login()

    assert time.monotonic() - started_s < 40


def test_threads_waiting_for_a_hanging_service_fail_together(monkeypatch):
    # This server accepts connections, but never answers.
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hanging:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{hanging.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:guestbook"
        source = CrowdedProvider(StoredSecret(arn, 300), user="app")
        started_s = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            waiting = [threads.submit(source.login) for _ in range(8)]
            failures = {str(one.exception()) for one in waiting}
        took_s = time.monotonic() - started_s

    assert source.reads == 1
    (failure,) = failures
    assert failure.endswith(" does not answer (timed out)")
    # In sequence they would take 32 s.
    assert took_s < 28


@pytest.fixture
def rotating(secrets, role, database_server, open_database):
    """Opens the database as a role whose password is in the secret `wrapper.arn`."""

    def make(strategy: str):
        arn = secrets.store({"username": role, "password": "first"})
        wrapper = open_database(
            f"postgresql://unused@127.0.0.1:{database_server.port}/postgres?application_name={role}",
            WEBAPP_DB_STRATEGY=strategy,
            WEBAPP_DB_CREDENTIALS="secretsmanager",
            WEBAPP_DB_SECRET_ARN=arn,
            # A busy machine takes seconds for the first login.
            WEBAPP_DB_POOL_TIMEOUT_S="30",
        )
        wrapper.arn = arn
        return wrapper

    return make


@STRATEGIES
def test_a_rotated_password_fails_no_query(secrets, rotating, role, administrator, strategy):
    wrapper = rotating(strategy)
    before = backend_pid(wrapper)
    time.sleep(1.05)
    administrator.execute(f"ALTER ROLE {role} PASSWORD 'second'")
    secrets.replace(wrapper.arn, {"username": role, "password": "second"})
    wrapper.close()
    kill(administrator, role)

    assert backend_pid(wrapper) != before
    assert provider_of(wrapper.settings_dict).login().password == "second"


def test_a_pool_lends_connections_without_fetching_the_login(monkeypatch, rotating):
    wrapper = rotating("pool")
    wrapper.settings_dict["OPTIONS"]["pool"]["max_size"] = 1
    before = backend_pid(wrapper)
    wrapper.close()

    def is_away() -> ConnectionLogin:
        raise CredentialsError("Secrets Manager is away")

    monkeypatch.setattr(provider_of(wrapper.settings_dict), "login", is_away)

    assert backend_pid(wrapper) == before


def test_a_rotation_to_another_user_fails_no_query(secrets, rotating, role, administrator):
    wrapper = rotating("per_request")
    other = f"{role}_clone"
    administrator.execute(f"CREATE ROLE {other} LOGIN PASSWORD 'other'")
    try:
        backend_pid(wrapper)
        wrapper.close()
        time.sleep(1.05)
        secrets.replace(wrapper.arn, {"username": other, "password": "other"})
        administrator.execute(f"ALTER ROLE {role} PASSWORD 'second'")

        with wrapper.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (other,)
    finally:
        wrapper.close()
        administrator.execute(f"DROP ROLE {other}")


def test_dbshell_logs_in_with_the_secret(rotating, role):
    wrapper = rotating("per_request")

    arguments, environ = DatabaseWrapper.client_class.settings_to_cmd_args_env(wrapper.settings_dict, [])

    assert arguments[:3] == ["psql", "-U", role]
    assert environ["PGPASSWORD"] == "first"
