"""What a team says about its own application to have it compared."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

Scenario = Literal["read", "write"]

# The Host header, unless the workload has one of its own.
DEFAULT_HOST = "compare.localhost"
DEFAULT_PREPARE_TIMEOUT_S = 120.0

KEY = "{key}"
USER = "{user}"
NUMBER = "{number}"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and the status that it expects; at most one of `body`, `form` and `json` (a text) is there."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None
    form: Mapping[str, str] | None = None
    json: str | None = None
    expected_status: int = 200

    def filled(self, values: Mapping[str, str]) -> Self:
        """The same with placeholders such as `{key}` replaced; other braces stay."""

        def fill(text: str, escape: Callable[[str], str] = str) -> str:
            for placeholder, value in values.items():
                text = text.replace(placeholder, escape(value))
            return text

        return replace(
            self,
            path=fill(self.path, _in_a_path),
            headers={name: fill(value) for name, value in self.headers.items()},
            body=None if self.body is None else fill(self.body),
            form=None if self.form is None else {name: fill(value) for name, value in self.form.items()},
            json=None if self.json is None else fill(self.json, _in_json),
        )

    def names(self, placeholder: str) -> bool:
        """Whether a placeholder stands in path, headers, body, form or JSON."""
        return self.filled({placeholder: ""}) != self


@dataclass(frozen=True, kw_only=True)
class RequestTemplate(Exchange):
    """One kind of request under measurement; a write's `{key}` is unique, `anonymous` leaves the session out."""

    name: str
    scenario: Scenario
    share: float
    anonymous: bool = False


@dataclass(frozen=True)
class Session:
    """How each virtual user gets cookies before anything is measured.

    `users` has a name for each virtual user, None for one without a name.
    """

    users: tuple[str | None, ...]
    steps: tuple[Exchange, ...]
    csrf_cookie: str = "csrftoken"
    csrf_header: str = "X-CSRFToken"


@dataclass(frozen=True)
class Application:
    """The Django project under comparison, and the host that it answers to.

    `prepare` holds the management commands, with their arguments, that run once after `migrate`; each, and `migrate`
    too, may take `prepare_timeout_s`. `environment` has variables of the application's own, which see own_variables.
    """

    settings_module: str
    python_path: Path | None
    prepare: tuple[tuple[str, ...], ...]
    host: str = DEFAULT_HOST
    prepare_timeout_s: float = DEFAULT_PREPARE_TIMEOUT_S
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """How the rows that the workload wrote are found: one text column, the key of each."""

    keys_sql: str


@dataclass(frozen=True)
class Workload:
    """A workload file; without `rows` its writes are not checked."""

    name: str
    application: Application
    requests: tuple[RequestTemplate, ...]
    rows: Rows | None = None
    session: Session | None = None

    def of_scenario(self, scenario: Scenario) -> tuple[RequestTemplate, ...]:
        """The requests of one scenario."""
        return tuple(request for request in self.requests if request.scenario == scenario)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Those that have requests: reads, and writes where there are any."""
        return ("read", "write") if self.of_scenario("write") else ("read",)


def _in_a_path(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
