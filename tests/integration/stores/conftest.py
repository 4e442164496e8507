import os
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import caches
from django.core.management import call_command

from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.stores import redis_cache
from django_runtimes.stores.counters.process_counter import forget_counters
from django_runtimes.stores.dynamodb.dynamodb_table import table_named
from django_runtimes.stores.store_health import StoreHealth, health_of
from tests.ministack import ACCESS_KEY, REGION, Ministack, ministack_server
from tests.patience import wait_for_aws
from tests.redis_server import RedisServer, redis_server
from tests.unit.adopt.projects import ready_project, settings_after

TABLE = "guestbook-dev-store"
_SET = ("CACHES", "SESSION_ENGINE", "SESSION_CACHE_ALIAS", "INSTALLED_APPS")


@pytest.fixture(scope="package")
def ministack(tmp_path_factory) -> Iterator[Ministack]:
    with ministack_server(tmp_path_factory.mktemp("ministack") / "log") as server:
        yield server


@pytest.fixture(scope="package")
def redis(tmp_path_factory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(autouse=True)
def _aws(monkeypatch, settings) -> Iterator[None]:
    """Keep this machine's variables and files of AWS out, and forget the stores of other tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_REGION": REGION,
        **ACCESS_KEY,
    }.items():
        monkeypatch.setenv(name, value)
    # On a busy machine the servers answer later than in production.
    wait_for_aws(monkeypatch)
    monkeypatch.setitem(redis_cache._OPTIONS, "socket_timeout", 60.0)
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(throttle_timeout_ms=60_000)
    yield
    for table in _tables():
        table._client._pool.close()
    table_named.cache_clear()
    forget_counters()
    health_of.cache_clear()


def _tables():
    return [table_named(TABLE, REGION)] if table_named.cache_info().currsize else []


@pytest.fixture
def use_store(settings, monkeypatch) -> Iterator[Callable[..., None]]:
    """Return a function that applies the settings that configure() decides for a URL."""

    def use(url: str, project=None, **variables: str) -> None:
        monkeypatch.setenv("WEBAPP_STORE_URL", url)
        own = ready_project(INSTALLED_APPS=settings.INSTALLED_APPS, **(project or {}))
        decided = settings_after(own, WEBAPP_STORE_URL=url, AWS_REGION=REGION, **variables)
        for name in _SET:
            if name in decided:
                setattr(settings, name, decided[name])

    yield use
    redis_cache.forget_clients()


@pytest.fixture
def dynamodb(ministack, use_store, monkeypatch) -> Ministack:
    """A server with the store's table, and settings that use it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", ministack.url)
    use_store(f"dynamodb://{TABLE}")
    call_command("create_store_table", verbosity=0)
    caches["default"].clear()
    return ministack


@pytest.fixture(params=["redis", "dynamodb"])
def store(request, use_store) -> Ministack | RedisServer:
    """Either store, with settings that use it."""
    server = request.getfixturevalue(request.param)
    if request.param == "redis":
        use_store(server.url)
        caches["default"].clear()
    return server


@pytest.fixture
def failures(monkeypatch) -> list[str]:
    """The errors of the calls that reached for a store; a store that rests is not asked."""
    errors: list[str] = []
    failed = StoreHealth.failed

    def note(self: StoreHealth, error: Exception, **options: bool) -> StoreUnavailableError:
        errors.append(str(error))
        return failed(self, error, **options)

    monkeypatch.setattr(StoreHealth, "failed", note)
    return errors
