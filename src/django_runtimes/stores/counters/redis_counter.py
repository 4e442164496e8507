"""Counts in Redis or Valkey."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from django_runtimes.config.store_url import without_login
from django_runtimes.stores.counters.counter import CONSEQUENCE
from django_runtimes.stores.redis_pool import RestingPool
from django_runtimes.stores.store_health import health_of


class RedisCounter:
    """Counts with INCR, which Redis runs alone, and gives each counter the end of its lifetime."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """`timeout_s` limits the wait for a connection, and the wait for an answer."""
        self._health = health_of(without_login(url), CONSEQUENCE)
        # A repeated INCR might count twice.
        self._pool = RestingPool.from_url(
            url,
            socket_connect_timeout=timeout_s,
            socket_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis(connection_pool=self._pool)

    def count(self, key: str, limit: int, expires_at: int) -> int:
        """Count one more, and return the new count; raise StoreUnavailableError for every failure."""
        self._health.require()
        try:
            # One round trip; both commands run, or neither does.
            with self._redis.pipeline(transaction=True) as commands:
                commands.incr(key)
                commands.expireat(key, expires_at)
                count: int = commands.execute()[0]
        except (RedisError, OSError) as error:
            self._pool.close_resting()
            # A wrong password must not make every page of a site an error, so it is an outage too.
            raise self._health.failed(error, is_unreachable=True) from error
        self._health.answered()
        return count

    def close(self) -> None:
        """Close the connections."""
        self._pool.disconnect()
