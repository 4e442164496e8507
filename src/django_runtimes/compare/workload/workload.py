"""A workload: the application under comparison, its requests, session and rows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

Scenario = Literal["read", "write"]

# The Host header, unless the workload sets another.
DEFAULT_HOST = "compare.localhost"
DEFAULT_PREPARE_TIMEOUT_S = 120.0

KEY = "{key}"
USER = "{user}"
NUMBER = "{number}"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its expected status; at most one of `body`, `form` and `json` (a text) is set."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None
    form: Mapping[str, str] | None = None
    json: str | None = None
    expected_status: int = 200

    def filled(self, values: Mapping[str, str]) -> Self:
        """Return the exchange with placeholders such as `{key}` replaced; other braces stay."""

        def fill(text: str, escape: Callable[[str], str] = str) -> str:
            for placeholder, value in values.items():
                text = text.replace(placeholder, escape(value))
            return text

        return replace(
            self,
            path=fill(self.path, _quote_path),
            headers={name: fill(value) for name, value in self.headers.items()},
            body=None if self.body is None else fill(self.body),
            form=None if self.form is None else {name: fill(value) for name, value in self.form.items()},
            json=None if self.json is None else fill(self.json, _escape_json),
        )

    def names(self, placeholder: str) -> bool:
        """Return whether a placeholder is in the path, headers, body, form or JSON."""
        return self.filled({placeholder: ""}) != self


@dataclass(frozen=True, kw_only=True)
class RequestTemplate(Exchange):
    """A kind of request that is measured; a write's `{key}` is unique, and `anonymous` requests have no session."""

    name: str
    scenario: Scenario
    share: float
    anonymous: bool = False


@dataclass(frozen=True)
class Session:
    """The steps with which each virtual user gets cookies before the measurement.

    `users` has an entry for each virtual user: its name, or None.
    """

    users: tuple[str | None, ...]
    steps: tuple[Exchange, ...]
    csrf_cookie: str = "csrftoken"
    csrf_header: str = "X-CSRFToken"


@dataclass(frozen=True)
class Application:
    """The Django project under comparison, and the host that it serves.

    `prepare` has the management commands, with arguments, that run once after `migrate`. Each of them, and `migrate`
    itself, may take `prepare_timeout_s`. `environment` has the application's own variables (see `own_variables`).
    """

    settings_module: str
    python_path: Path | None
    prepare: tuple[tuple[str, ...], ...]
    host: str = DEFAULT_HOST
    prepare_timeout_s: float = DEFAULT_PREPARE_TIMEOUT_S
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """The query for the rows that the workload wrote: it returns one text column, their keys."""

    keys_sql: str


@dataclass(frozen=True)
class Workload:
    """The content of a workload file; without `rows` its writes are not checked."""

    name: str
    application: Application
    requests: tuple[RequestTemplate, ...]
    rows: Rows | None = None
    session: Session | None = None
    # Reads whose answers are streams; each is measured by its first and its last byte, and is in no other load.
    streams: tuple[RequestTemplate, ...] = ()

    def of_scenario(self, scenario: Scenario) -> tuple[RequestTemplate, ...]:
        """Return the requests of one scenario."""
        return tuple(request for request in self.requests if request.scenario == scenario)

    @property
    def harmless_requests(self) -> tuple[RequestTemplate, ...]:
        """The reads with a method that changes no data."""
        return tuple(each for each in self.of_scenario("read") if each.method in SAFE_METHODS)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios that have requests: read, and write if there are any writes."""
        return ("read", "write") if self.of_scenario("write") else ("read",)


def _quote_path(value: str) -> str:
    return quote(value, safe="")


def _escape_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
