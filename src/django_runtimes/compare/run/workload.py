"""What a comparison sends and to which application, read from a TOML file."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, cast, get_args

from django_runtimes.cli.errors import UsageError
from django_runtimes.cli.toml_file import known_key, read_toml

Scenario = Literal["read", "write"]

_KEY = "{key}"
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# What a load balancer in front of the application sets: django_runtimes.compare.load.generator does it.
_RESERVED_HEADERS = ("content-length", "host", "x-forwarded-proto")
_HEADER_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-")
# Braces are there for {key}; # would begin a fragment, which is never sent.
_URL_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._~:/?[]@!$&'()*+,;=%{}")

_T = TypeVar("_T")


@dataclass(frozen=True)
class RequestTemplate:
    """One kind of request; `{key}` in path, headers and body stands for a write's unique key."""

    name: str
    scenario: Scenario
    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None
    share: float
    expected_status: int

    def with_key(self, key: str) -> "RequestTemplate":
        """The same request with `{key}` replaced."""
        return replace(
            self,
            path=self.path.replace(_KEY, key),
            headers={name: value.replace(_KEY, key) for name, value in self.headers.items()},
            body=None if self.body is None else self.body.replace(_KEY, key),
        )


@dataclass(frozen=True)
class Application:
    """The Django project under comparison.

    `prepare` holds the management commands, with their arguments, that run once after `migrate`.
    """

    settings_module: str
    python_path: Path | None
    prepare: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Rows:
    """How the rows that the workload wrote are found: one text column, the key of each."""

    keys_sql: str


@dataclass(frozen=True)
class Workload:
    """All that a team says about its own application to have it compared."""

    name: str
    application: Application
    requests: tuple[RequestTemplate, ...]
    rows: Rows

    def of_scenario(self, scenario: Scenario) -> tuple[RequestTemplate, ...]:
        """The requests of one scenario."""
        return tuple(request for request in self.requests if request.scenario == scenario)


def load_workload(path: Path, *, settings_module: str | None = None) -> Workload:
    """Read a workload file; UsageError names the file, the key, its value and the rule.

    `settings_module` is the project's, for a file that names none.
    """
    values = read_toml(path, remedy="give the path of a workload by --workload")
    file = _Table(path, "", values, known=("name", "application", "rows", "requests"))
    return Workload(
        name=file.text("name"),
        application=_read_application(file.table("application", _keys_of(Application)), settings_module),
        requests=_read_requests(file),
        rows=Rows(keys_sql=file.table("rows", _keys_of(Rows)).text("keys_sql")),
    )


class _Table:
    """One table of the file: every reader either returns a valid value or says what is wrong."""

    def __init__(self, path: Path, where: str, values: Mapping[str, Any], *, known: tuple[str, ...]) -> None:
        self.path = path
        self._where = where
        self._values = values
        for key in values:
            if key not in known:
                raise UsageError(f"{path}: '{self._name(key)}' is not a known key; {known_key(key, known)}")

    def refuse(self, key: str, rule: str) -> NoReturn:
        """Raise the one line that says which value breaks which rule."""
        name = self._name(key)
        if key not in self._values:
            raise UsageError(f"{self.path}: '{name}' is missing; it must be {rule}")
        raise UsageError(f"{self.path}: {name}={self._values[key]!r} must be {rule}")

    def table(self, key: str, known: tuple[str, ...]) -> "_Table":
        values = self._typed(key, dict, "a table")
        return _Table(self.path, f"{self._name(key)}.", values, known=known)

    def tables(self, key: str, known: tuple[str, ...]) -> "list[_Table]":
        rule = f"a list of tables, each written [[{self._name(key)}]]"
        entries = self._typed(key, list, rule)
        if not all(isinstance(entry, dict) for entry in entries):
            self.refuse(key, rule)
        return [
            _Table(self.path, f"{self._name(key)}[{index}].", entry, known=known) for index, entry in enumerate(entries)
        ]

    def text(self, key: str) -> str:
        rule = "a text that is not empty"
        value = self._typed(key, str, rule)
        if not value.strip():
            self.refuse(key, rule)
        return value

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self._values else None

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._typed(key, str, f"one of: {', '.join(choices)}")
        if value not in choices:
            self.refuse(key, f"one of: {', '.join(choices)}")
        return value

    def positive_number(self, key: str, default: float) -> float:
        rule = "a number above 0"
        value = self._values.get(key, default)
        # bool is an int to Python, inf and nan are numbers to TOML.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            self.refuse(key, rule)
        return float(value)

    def status(self, key: str, default: int) -> int:
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
            self.refuse(key, "an HTTP status from 200 to 599")
        return value

    def texts_by_name(self, key: str) -> dict[str, str]:
        rule = 'a table of texts, such as { "Content-Type" = "application/json" }'
        values: dict[str, Any] = self._values.get(key, {})
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            self.refuse(key, rule)
        return dict(values)

    def commands(self, key: str) -> tuple[tuple[str, ...], ...]:
        rule = 'a list of commands, each a list of texts, such as [["loaddata", "sample"]]'
        commands = self._values.get(key, [])
        if not isinstance(commands, list) or not all(_is_command(command) for command in commands):
            self.refuse(key, rule)
        return tuple(tuple(command) for command in commands)

    def _typed(self, key: str, wanted: type[_T], rule: str) -> _T:
        value = self._values.get(key)
        if not isinstance(value, wanted):
            self.refuse(key, rule)
        return value

    def _name(self, key: str) -> str:
        return f"{self._where}{key}"


def _is_command(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _keys_of(kind: type[Application | RequestTemplate | Rows]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)


def _read_application(table: _Table, settings_module: str | None) -> Application:
    text = table.text_or_none("python_path")
    python_path = None if text is None else (table.path.parent / text).resolve()
    if python_path is not None and not python_path.is_dir():
        table.refuse("python_path", f"a directory, relative to this file; {python_path} is none")
    return Application(
        settings_module=table.text_or_none("settings_module") or settings_module or table.text("settings_module"),
        python_path=python_path,
        prepare=table.commands("prepare"),
    )


def _read_requests(file: _Table) -> tuple[RequestTemplate, ...]:
    requests: dict[str, RequestTemplate] = {}
    for table in file.tables("requests", _keys_of(RequestTemplate)):
        request = _read_request(table)
        if request.name in requests:
            table.refuse("name", "a name that no other request has")
        requests[request.name] = request
    for scenario in get_args(Scenario):
        if not any(request.scenario == scenario for request in requests.values()):
            raise UsageError(
                f"{file.path}: no request has scenario = '{scenario}'; "
                f"a workload needs at least one request that reads and one that writes"
            )
    return tuple(requests.values())


def _read_request(table: _Table) -> RequestTemplate:
    request = RequestTemplate(
        name=table.text("name"),
        scenario=cast(Scenario, table.choice("scenario", get_args(Scenario))),
        method=table.choice("method", _METHODS),
        path=table.text("path"),
        headers=table.texts_by_name("headers"),
        body=table.text_or_none("body"),
        share=table.positive_number("share", default=1.0),
        expected_status=table.status("expected_status", default=200),
    )
    if not request.path.startswith("/") or not set(request.path) <= _URL_CHARACTERS:
        table.refuse("path", "a path with its query as a URL has it: from its first /, percent-encoded")
    for name, value in request.headers.items():
        if name.lower() in _RESERVED_HEADERS:
            table.refuse("headers", f"without '{name}', which the load generator sets itself")
        if not name or not set(name) <= _HEADER_CHARACTERS or not value.isprintable():
            table.refuse("headers", "names of letters, digits and hyphens with values on one line")
    has_key = request.with_key("") != request
    if request.scenario == "write" and not has_key:
        table.refuse("scenario", "'read' unless {key} stands in path, headers or body: a row is found again by it")
    if request.scenario == "read" and has_key:
        table.refuse("scenario", "'write' where {key} is used: a read has no key")
    return request
