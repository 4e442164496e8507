"""The ways to run Django's suites, each with its settings, Django's settings to compare with, and its labels."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_LABELS = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Way:
    """Two modules in `tests.conformance.settings`: one with this project's parts, and Django's to compare with.

    `server` is the variable with the address of the server that both need.
    """

    name: str
    stock: str
    part: str
    server: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a full run."""
        return tuple(_LABELS[self.part]["all"])

    @property
    def suites(self) -> set[str]:
        """The suites of the labels, such as `cache` of `cache.tests.LocMemCacheTests`."""
        return {label.partition(".")[0] for label in self.labels}

    @property
    def labels_in_ci(self) -> tuple[str, ...]:
        """The labels that CI has time for."""
        return tuple(_LABELS[self.part]["ci"])


POSTGRESQL, REDIS, DYNAMODB = "CONFORMANCE_POSTGRESQL", "CONFORMANCE_REDIS", "CONFORMANCE_DYNAMODB"
DATA_API, MYSQL = "CONFORMANCE_DATA_API", "CONFORMANCE_MYSQL"
WAYS = (
    Way("asgi_handler", "stock", "requests"),
    Way("lambda_handler", "stock", "requests"),
    Way("engine", "stock_engine", "databases", server=POSTGRESQL),
    Way("engine_pool", "stock_engine_pool", "databases", server=POSTGRESQL),
    Way("engine_data_api", "stock_engine_utc", "data_api", server=DATA_API),
    Way("engine_mysql", "stock_mysql", "mysql", server=MYSQL),
    Way("store_redis", "stock_redis", "redis", server=REDIS),
    Way("store_dynamodb", "stock", "dynamodb", server=DYNAMODB),
)
