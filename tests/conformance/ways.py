"""The ways to run Django's suites: which settings, beside which of Django's own, and which labels."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_LABELS = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Way:
    """Settings of ours beside Django's own, each a module of `tests.conformance.settings`."""

    name: str
    stock: str
    part: str
    needs_postgresql: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All of its labels."""
        return tuple(_LABELS[self.part]["all"])

    @property
    def labels_in_ci(self) -> tuple[str, ...]:
        """Those that CI has the time for."""
        return tuple(_LABELS[self.part]["ci"])


WAYS = (
    Way("asgi_handler", "stock", "requests"),
    Way("lambda_handler", "stock", "requests"),
    Way("engine", "stock_engine", "databases", needs_postgresql=True),
    Way("engine_pool", "stock_engine_pool", "databases", needs_postgresql=True),
)
