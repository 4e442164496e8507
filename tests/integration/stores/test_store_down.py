"""A store that does not answer, or refuses: the cache misses, sessions get a 503, and nobody is logged out."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from subprocess import Popen
from types import SimpleNamespace

import pytest
from django.core.cache import cache, caches
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from redis import Redis
from redis.exceptions import ResponseError

from django_runtimes.aws import https_pool
from django_runtimes.stores import redis_cache, store_health
from django_runtimes.stores.dynamodb.dynamodb_table import table_named
from tests.integration.aws.scripted_server import scripted_server
from tests.integration.stores.conftest import TABLE
from tests.ministack import REGION
from tests.redis_server import redis_server

pytestmark = pytest.mark.profile_free


def log_in(request):
    request.session["user"] = "Ada"
    return HttpResponse("logged in")


def account(request):
    return JsonResponse({"user": request.session.get("user")})


async def aaccount(request):
    return JsonResponse({"user": await request.session.aget("user")})


def log_out(request):
    request.session.flush()
    return HttpResponse("logged out")


def renew(request):
    request.session.cycle_key()
    return HttpResponse("renewed")


def public(request):
    hits = cache.get_or_set("hits", 1)
    return JsonResponse({"hits": hits})


urlpatterns = [path(view.__name__, view) for view in (log_in, account, aaccount, log_out, renew, public)]


@pytest.fixture(autouse=True)
def _application(settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]


@pytest.fixture
def pass_seconds(monkeypatch) -> Callable[[float], None]:
    """Return a function that advances the clock by which a store rests."""
    passed = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(store_health, "monotonic", lambda: time.monotonic() + passed.seconds)

    def advance(seconds: float) -> None:
        passed.seconds += seconds

    return advance


@pytest.fixture
def stop(pass_seconds, monkeypatch) -> Callable[[Popen[bytes]], AbstractContextManager[None]]:
    """Return a context in which a store does not answer, and after which it is asked again.

    It carries out what it receives once it goes on, so it is asked only once, however slow the machine is.
    """
    monkeypatch.setattr(store_health, "_REST_S", 600.0)

    @contextmanager
    def stopped(process: Popen[bytes]) -> Iterator[None]:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(https_pool, "_READ_TIMEOUT_S", 0.5)
                patch.setitem(redis_cache._OPTIONS, "socket_timeout", 0.5)
                # The next call uses a client with this timeout.
                redis_cache.forget_clients()
                yield
        finally:
            os.kill(process.pid, signal.SIGCONT)
            redis_cache.forget_clients()
            pass_seconds(600.0)

    return stopped


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False, headers={"Accept": "application/json"})


@pytest.mark.parametrize("page", ["account", "aaccount", "log_out", "renew", "log_in"])
def test_a_request_that_needs_its_session_gets_503_and_stays_logged_in(store, stop, visitor, page):
    visitor.get("/log_in")
    cookie = visitor.cookies["sessionid"].value

    with stop(store.process):
        answer = visitor.get(f"/{page}")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer.json() == {
        "error": {
            "code": "unavailable",
            "message": "The session is not available right now; try again in a few seconds.",
        }
    }
    assert not answer.cookies
    if page != "log_out":
        # Once the store goes on, it may carry out the deletion that it received.
        assert visitor.get("/account").json() == {"user": "Ada"}
    assert visitor.cookies["sessionid"].value == cookie


def test_a_visitor_without_a_session_is_served(store, stop, visitor):
    with stop(store.process):
        assert visitor.get("/public").json() == {"hits": 1}
        assert Client().get("/account").json() == {"user": None}


def test_the_cache_misses_and_loses_writes(store, stop):
    cache.set("k", 1, 3600)

    with stop(store.process):
        assert cache.get("k", "default") == "default"
        assert cache.get_many(["k"]) == {}
        assert cache.add("lock", 1) is False
        assert cache.set_many({"a": 1, "b": 2}) == ["a", "b"]
        assert cache.has_key("k") is False
        assert cache.touch("k") is False
        assert cache.delete("k") is False
        cache.set("k", 2)
        cache.delete_many(["k"])
        cache.clear()
        with pytest.raises(ValueError, match=r"Key 'k' not found: .*"):
            cache.incr("k")

    assert cache.get("k") == 1


def test_an_outage_is_logged_once_a_minute(store, stop, pass_seconds, monkeypatch, failures, caplog):
    with caplog.at_level(logging.WARNING, logger="django_runtimes.stores"), stop(store.process):
        monkeypatch.setattr(store_health, "_REST_S", 1.0)
        for _ in range(3):
            cache.get("k")
            pass_seconds(1.0)

    assert len(failures) == 3
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("django_runtimes.stores")]
    assert line.startswith("The store ")
    assert line.endswith("; the cache misses, and requests that need a session get a 503")
    assert "is not available: " in line


def test_a_silent_store_that_rests_is_not_asked(store, stop, failures):
    with stop(store.process):
        for _ in range(100):
            cache.get("k")

    assert len(failures) == 1


def test_a_session_survives_a_restart_of_redis(use_store, visitor, pass_seconds, tmp_path):
    with redis_server(tmp_path) as first:
        use_store(first.url)
        visitor.get("/log_in")
    assert visitor.get("/account").status_code == 503

    pass_seconds(1.0)
    with redis_server(tmp_path, port=int(first.url.rpartition(":")[2])):
        assert visitor.get("/account").json() == {"user": "Ada"}


def test_a_forged_cookie_begins_a_new_session(store, visitor):
    for key in ("x" * 32, "k" * 3000, "a b\x01c" * 4):
        visitor.cookies["sessionid"] = key
        assert visitor.get("/account").json() == {"user": None}


def assert_refused(visitor, caplog, page, remedy):
    """Assert a 503 that keeps the session, a page without a session, and one ERROR with the remedy."""
    cookie = visitor.cookies["sessionid"].value
    with caplog.at_level(logging.WARNING, logger="django_runtimes.stores"):
        answer = visitor.get(f"/{page}")
        assert visitor.get("/public").json() == {"hits": 1}

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert not answer.cookies
    assert visitor.cookies["sessionid"].value == cookie
    (line,) = [record for record in caplog.records if record.name.startswith("django_runtimes.stores")]
    assert line.levelname == "ERROR"
    assert remedy in line.getMessage()


@pytest.mark.parametrize("page", ["account", "aaccount", "log_in"])
def test_a_changed_password_of_redis_logs_nobody_out(use_store, visitor, tmp_path, caplog, page):
    with redis_server(tmp_path) as server:
        use_store(server.url)
        visitor.get("/log_in")
        administrator = Redis.from_url(server.url)
        administrator.config_set("requirepass", "changed")
        cache._cache.get_client(None).connection_pool.disconnect()
        caches["store_sessions"]._cache.get_client(None).connection_pool.disconnect()

        assert_refused(visitor, caplog, page, "; check the login in WEBAPP_STORE_URL; ")

        administrator.config_set("requirepass", "")
        assert visitor.get("/account").json() == {"user": "Ada"}
        administrator.close()


@pytest.mark.parametrize("page", ["account", "aaccount", "log_in"])
def test_a_missing_table_logs_nobody_out(dynamodb, visitor, caplog, page):
    visitor.get("/log_in")
    table_named(TABLE, REGION)._call("DeleteTable", {}, repeatable=False)

    assert_refused(visitor, caplog, page, "; create it with the stack of the templates")


@pytest.mark.parametrize("page", ["account", "aaccount", "log_in"])
@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("AccessDeniedException", "not authorized", "; grant the process's role this permission; "),
        ("UnrecognizedClientException", "The security token is invalid", "; check the process's credentials and clock"),
        ("InvalidSignatureException", "Signature expired", "; check the process's credentials and clock"),
        ("KMSAccessDeniedException", "The key is disabled", "; grant the process's role"),
        ("ValidationException", "The provided key element does not match the schema", "has other keys"),
    ],
)
def test_a_table_that_refuses_logs_nobody_out(use_store, visitor, monkeypatch, caplog, page, code, message, remedy):
    with scripted_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        use_store(f"dynamodb://{TABLE}")
        visitor.cookies["sessionid"] = "k76dzkh6hhjhlpf4536ulmwyqadn0jos"
        server.script = [(400, {"__type": code, "Message": message})] * 5

        assert_refused(visitor, caplog, page, remedy)


@pytest.mark.parametrize("page", ["log_in", "renew", "log_out"])
def test_a_redis_that_refuses_writes_is_an_outage(use_store, visitor, tmp_path, caplog, page):
    with redis_server(tmp_path) as server:
        use_store(server.url)
        visitor.get("/log_in")
        with Redis.from_url(server.url) as administrator:
            administrator.config_set("min-replicas-to-write", "1")
        with caplog.at_level(logging.WARNING, logger="django_runtimes.stores"):
            answer = visitor.get(f"/{page}")
            assert cache.add("lock", 1) is False
            assert cache.set_many({"a": 1, "b": 2}) == ["a", "b"]
            assert visitor.get("/account").json() == {"user": "Ada"}

    assert answer.status_code == 503
    assert not answer.cookies
    (line,) = [record for record in caplog.records if record.name.startswith("django_runtimes.stores")]
    assert line.levelname == "WARNING"
    assert "NOREPLICAS" in line.getMessage()


def test_a_failover_is_followed(use_store, tmp_path):
    with redis_server(tmp_path) as server, Redis.from_url(server.url) as administrator:
        use_store(server.url)
        cache.set("k", 1)
        administrator.replicaof("127.0.0.1", "1")
        before = administrator.info("stats")["total_connections_received"]
        cache.set("k", 2)
        administrator.replicaof("no", "one")

        cache.set("k", 3)

        # The name of the server, which leads elsewhere after a failover, is looked up again.
        assert administrator.info("stats")["total_connections_received"] == before + 1
        assert cache.get("k") == 3


def test_an_error_about_a_value_is_raised(redis, use_store):
    use_store(redis.url)
    cache.set("text", "no number")

    with pytest.raises(ResponseError, match="value is not an integer"):
        cache.incr("text")
