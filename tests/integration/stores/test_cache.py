"""The cache and the sessions on Redis and DynamoDB, as configure() sets them."""

import contextvars
import threading

import pytest
from django.core.cache import cache, caches
from django.core.exceptions import ImproperlyConfigured
from redis import Redis

from django_runtimes.stores import redis_pool
from django_runtimes.stores.dynamodb.entry import EntrySizeError
from tests.integration.stores.conftest import TABLE

pytestmark = pytest.mark.profile_free


class NotJson:
    """A value that only pickle keeps."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotJson)

    __hash__ = None

    def __repr__(self) -> str:
        return "NotJson"


@pytest.mark.parametrize("value", [0, -5, 10**37, True, None, 1.5, "ü", b"\xff", [1, {"a": (2,)}], NotJson()], ids=repr)
def test_a_value_is_kept_with_its_type(store, value):
    cache.set("k", value, 60)

    assert cache.get("k", "missing") == value
    assert type(cache.get("k")) is type(value)


def test_a_missing_key_has_the_default(store):
    assert cache.get("k") is None
    assert cache.get("k", 7) == 7
    assert cache.get_many(["k", "l"]) == {}


async def test_the_asynchronous_methods_use_the_same_store(store):
    await cache.aset("k", 1)
    await cache.aincr("k", 4)

    assert await cache.aget_many(["k", "l"]) == {"k": 5}
    assert await cache.aadd("k", 1) is False
    assert await cache.aget_or_set("l", lambda: "made") == "made"
    await cache.adelete_many(["k", "l"])
    assert await cache.ahas_key("k") is False


def test_8_threads_add_once_and_count_exactly(store):
    barrier, added = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        added.append(cache.add("hits", 0, 60))
        for _ in range(20):
            cache.incr("hits", 2)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(added) == 1
    assert cache.get("hits") == 320


def test_clearing_the_cache_logs_nobody_out(store, client):
    caches["default"].set("k", 1)
    caches["store_sessions"].set("s", {"_auth_user_id": "1"})

    cache.clear()

    assert cache.get("k") is None
    assert caches["store_sessions"].get("s") == {"_auth_user_id": "1"}


@pytest.mark.parametrize("prefix", ["a*b", "a[bc]", "a?", "a\\"])
def test_a_prefix_with_wildcards_clears_only_its_own_keys(redis, use_store, prefix):
    use_store(redis.url, {"CACHES": {"default": {"BACKEND": "ignored", "KEY_PREFIX": prefix}}})
    others = ["aXb", "ab", "aX", "a"]
    raw = caches["default"]._cache.get_client()
    for key in others:
        raw.set(f"{key}:1:k", 1)
    cache.set("k", 1)

    cache.clear()

    assert cache.get("k") is None
    assert raw.exists(*(f"{key}:1:k" for key in others)) == 4


@pytest.mark.parametrize("key_function", [lambda key, prefix, version: key, lambda *parts: str(hash(parts))])
def test_keys_without_a_beginning_of_their_own_are_not_cleared(store, key_function):
    caches["default"].key_func = key_function
    cache.set("k", 1)

    with pytest.raises(ImproperlyConfigured, match="begin them with KEY_PREFIX"):
        cache.clear()

    assert cache.get("k") == 1


def _accepted(raw: Redis) -> int:
    return int(raw.info("stats")["total_connections_received"])


def _request() -> None:
    """Use the caches as a request does, which has a context of its own and so Django's caches of its own."""
    cache.set("k", 1)
    assert cache.get("k") == 1
    caches["store_sessions"].get("s")


def test_requests_share_connections(redis, use_store):
    raw = Redis.from_url(redis.url)
    before = _accepted(raw)
    use_store(redis.url)

    for _ in range(20):
        contextvars.copy_context().run(_request)

    assert _accepted(raw) == before + 1


def test_several_servers_are_refused(settings):
    backend = "django_runtimes.stores.redis_cache.RedisStoreCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": ["redis://primary", "redis://replica"]}}

    with pytest.raises(ImproperlyConfigured, match="LOCATION of RedisStoreCache is of type list but must be the URL"):
        cache.get("k")


def test_a_connection_that_rested_for_long_is_opened_again(redis, use_store, monkeypatch):
    raw = Redis.from_url(redis.url)
    use_store(redis.url)
    cache.get("k")
    before = _accepted(raw)
    monkeypatch.setattr(redis_pool, "_MAX_REST_S", -1.0)

    _request()

    assert _accepted(raw) == before + 3


def test_threads_share_one_client(redis, use_store):
    use_store(redis.url)
    barrier, clients = threading.Barrier(8), set()

    def work() -> None:
        barrier.wait()
        clients.add(caches["default"]._cache)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(clients) == 1


def test_a_password_with_separators_of_urls(redis, use_store):
    raw = Redis.from_url(redis.url)
    raw.acl_setuser("shop", enabled=True, passwords=["+a,b;c"], keys=["*"], commands=["+@all"])
    use_store(redis.url.replace("//", "//shop:a,b;c@"))

    cache.set("k", 1)

    assert cache.get("k") == 1
    raw.acl_deluser("shop")


def test_a_large_entry_of_dynamodb_is_an_error_that_names_it(dynamodb):
    with pytest.raises(EntrySizeError, match="the entry 'cache:1:picture' has 512"):
        cache.set("picture", b"x" * 512_000)
    assert cache.set_many({"a": 1}) == []


@pytest.mark.parametrize("delta", [1.5, "2", None])
def test_only_a_whole_number_is_added_in_dynamodb(use_store, monkeypatch, delta):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    use_store(f"dynamodb://{TABLE}")

    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        cache.incr("hits", delta)


@pytest.mark.parametrize("lifetime_s", [0, -1])
def test_an_entry_without_a_lifetime_is_not_kept(store, lifetime_s):
    cache.set("k", 1)
    cache.set("k", 2, lifetime_s)
    assert cache.get("k") is None
    assert cache.add("k", 1, lifetime_s) is True
    assert cache.get("k") is None
    cache.set("k", 1)
    assert cache.add("k", 2, lifetime_s) is False
    assert cache.touch("k", lifetime_s) is True
    assert cache.get("k") is None
