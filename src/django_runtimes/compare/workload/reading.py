"""Reads workload files."""

import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from django_runtimes.cli.project.passed_variables import complaint_about
from django_runtimes.cli.text_files.toml_file import read_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.workload.workload import (
    DEFAULT_HOST,
    DEFAULT_PREPARE_TIMEOUT_S,
    KEY,
    NUMBER,
    USER,
    Application,
    Exchange,
    RequestTemplate,
    Rows,
    Scenario,
    Session,
    Workload,
)
from django_runtimes.compare.workload.workload_table import WorkloadTable

_KEYS = ("name", "host", "application", "session", "rows", "requests", "streams")
_APPLICATION_KEYS = ("settings_module", "python_path", "environment", "prepare", "prepare_timeout_s")
_ROWS_KEYS = ("keys_sql",)
_SESSION_KEYS = ("users", "virtual_users", "csrf_cookie", "csrf_header", "steps")
_CONTENT_KEYS = ("body", "form", "json")
_STEP_KEYS = ("method", "path", "headers", *_CONTENT_KEYS, "expected_status")
_REQUEST_KEYS = ("name", "scenario", *_STEP_KEYS, "share", "anonymous")
_STREAM_KEYS = ("name", *_STEP_KEYS, "anonymous")

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# Headers that django_runtimes.compare.load.generator sets, as a load balancer would.
_RESERVED_HEADERS = ("content-length", "host", "x-forwarded-proto")
# The characters include braces for placeholders, but not #, since a fragment is never sent.
_URL_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._~:/?[]@!$&'()*+,;=%{}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE)

# Virtual users log in at every target one after the other, which takes time.
_MAX_VIRTUAL_USERS = 100
_VIRTUAL_USERS = 8
_MAX_PREPARE_S = 7_200


def load_workload(path: Path, *, settings_module: str | None = None) -> Workload:
    """Read a workload file; raise UsageError with the file, the key, its value and the rule.

    `settings_module` is the project's, for a file that names none.
    """
    values = read_toml(path, remedy="pass the path of a workload as --workload")
    return _read_workload(path, values, settings_module)


def _read_workload(path: Path, values: Mapping[str, Any], settings_module: str | None) -> Workload:
    file = WorkloadTable(path, "", values, known=_KEYS)
    name = file.text("name")
    rows = Rows(file.table("rows", _ROWS_KEYS).text("keys_sql")) if "rows" in file else None
    session = _read_session(file.table("session", _SESSION_KEYS)) if "session" in file else None
    return Workload(
        name=name,
        application=_read_application(file, settings_module),
        requests=_read_requests(file, keys_needed=rows is not None, has_session=session is not None),
        rows=rows,
        session=session,
        streams=_read_streams(file, has_session=session is not None),
    )


def _read_application(file: WorkloadTable, settings_module: str | None) -> Application:
    # This key is optional, since a project's pyproject.toml can name the settings.
    table = file.table("application", _APPLICATION_KEYS, optional=True)
    text = table.text_or_none("python_path")
    python_path = None if text is None else (table.path.parent / text).resolve()
    if python_path is not None and not python_path.is_dir():
        table.refuse("python_path", f"a directory, relative to this file; {python_path} is not one")
    return Application(
        settings_module=table.text_or_none("settings_module") or settings_module or table.text("settings_module"),
        python_path=python_path,
        prepare=table.commands("prepare"),
        host=_read_host(file),
        prepare_timeout_s=table.integer(
            "prepare_timeout_s",
            f"a whole number of seconds from 1 to {_MAX_PREPARE_S}",
            default=int(DEFAULT_PREPARE_TIMEOUT_S),
            minimum=1,
            maximum=_MAX_PREPARE_S,
        ),
        environment=_read_environment(table),
    )


def _read_environment(table: WorkloadTable) -> dict[str, str]:
    values = table.texts_by_name("environment", '{ REPLICA_URL = "{database_url}" }')
    for name in values:
        if complaint := complaint_about(name):
            table.refuse("environment", f"without {name!r}, which {complaint}")
    return values


def _read_host(file: WorkloadTable) -> str:
    host = file.text_or_none("host") or DEFAULT_HOST
    if not _HOST.fullmatch(host):
        file.refuse("host", "a host as in a URL, such as www.example.org or www.example.org:8443")
    return host


def _read_session(table: WorkloadTable) -> Session:
    users = _read_users(table)
    steps = []
    for step in table.tables("steps", _STEP_KEYS):
        _refuse_placeholder(step, KEY, "only a write has a key")
        if None in users:
            _refuse_placeholder(step, USER, "session.users does not name the virtual users")
        steps.append(Exchange(**_read_exchange(step)))
    return Session(
        users=users,
        steps=tuple(steps),
        csrf_cookie=table.header_name("csrf_cookie", Session.csrf_cookie),
        csrf_header=table.header_name("csrf_header", Session.csrf_header),
    )


def _read_users(table: WorkloadTable) -> tuple[str | None, ...]:
    """Return the name of each virtual user, or None for users without names."""
    rule = f'a list of names, or a name that contains {NUMBER}, such as "customer{NUMBER}"'
    named = table.text_or_texts("users", rule) if "users" in table else None
    count = table.integer(
        "virtual_users",
        f"a whole number from 1 to {_MAX_VIRTUAL_USERS}",
        default=min(len(named), _MAX_VIRTUAL_USERS) if isinstance(named, tuple) else _VIRTUAL_USERS,
        minimum=1,
        maximum=_MAX_VIRTUAL_USERS,
    )
    if named is None:
        return (None,) * count
    if isinstance(named, tuple):
        return tuple(named[index % len(named)] for index in range(count))
    if NUMBER not in named:
        table.refuse("users", rule)
    return tuple(named.replace(NUMBER, str(number)) for number in range(1, count + 1))


def _read_requests(file: WorkloadTable, *, keys_needed: bool, has_session: bool) -> tuple[RequestTemplate, ...]:
    requests: dict[str, RequestTemplate] = {}
    for table in file.tables("requests", _REQUEST_KEYS):
        request = _read_request(table, keys_needed=keys_needed)
        if request.name in requests:
            table.refuse("name", "a name that no other request has")
        _check_anonymous(table, request, has_session=has_session)
        requests[request.name] = request
    if not any(request.scenario == "read" for request in requests.values()):
        raise UsageError(f"{file.path}: no request has scenario = 'read', and a workload needs at least one; add one")
    return tuple(requests.values())


def _read_request(table: WorkloadTable, *, keys_needed: bool) -> RequestTemplate:
    request = RequestTemplate(
        name=table.text("name"),
        scenario=cast(Scenario, table.choice("scenario", get_args(Scenario))),
        share=table.positive_number("share", default=1.0),
        anonymous=table.flag("anonymous"),
        **_read_exchange(table),
    )
    if request.scenario == "write" and keys_needed and not request.names(KEY):
        table.refuse(
            "scenario",
            f"'read' unless {KEY} is in path, headers, body, form or json: [rows] uses {KEY} to find the written row",
        )
    if request.scenario == "read" and request.names(KEY):
        table.refuse("scenario", f"'write' where {KEY} is used: a read has no key")
    return request


def _read_streams(file: WorkloadTable, *, has_session: bool) -> tuple[RequestTemplate, ...]:
    streams: dict[str, RequestTemplate] = {}
    for table in file.tables("streams", _STREAM_KEYS) if "streams" in file else ():
        _refuse_placeholder(table, KEY, "only a write has a key")
        stream = RequestTemplate(
            name=table.text("name"),
            scenario="read",
            share=1.0,
            anonymous=table.flag("anonymous"),
            **_read_exchange(table),
        )
        if stream.name in streams:
            table.refuse("name", "a name that no other stream has")
        _check_anonymous(table, stream, has_session=has_session)
        streams[stream.name] = stream
    return tuple(streams.values())


def _check_anonymous(table: WorkloadTable, request: RequestTemplate, *, has_session: bool) -> None:
    if not request.anonymous:
        return
    if not has_session:
        table.refuse("anonymous", "omitted without [session]: every request is anonymous then")
    for placeholder in (USER, NUMBER):
        _refuse_placeholder(table, placeholder, "an anonymous request has no user")


def _read_exchange(table: WorkloadTable) -> dict[str, Any]:
    """Return the fields of an Exchange."""
    path = table.text("path")
    if not path.startswith("/") or not set(path) <= _URL_CHARACTERS:
        table.refuse("path", "a path with its query as in a URL, percent-encoded and from the first / on")
    given = [key for key in _CONTENT_KEYS if key in table]
    if len(given) > 1:
        table.refuse(given[1], f"omitted, since {given[0]} is set: a request has one of {', '.join(_CONTENT_KEYS)}")
    return {
        "method": table.choice("method", _METHODS),
        "path": path,
        "headers": table.headers("headers", reserved=_RESERVED_HEADERS),
        "body": table.text_or_none("body"),
        "form": table.texts_by_name("form", f'{{ title = "Entry {KEY}" }}') if "form" in table else None,
        "json": table.json_text("json") if "json" in table else None,
        "expected_status": table.integer(
            "expected_status", "an HTTP status from 200 to 599", default=200, minimum=200, maximum=599
        ),
    }


def _refuse_placeholder(table: WorkloadTable, placeholder: str, rule: str) -> None:
    for key in ("path", "headers", *_CONTENT_KEYS):
        if placeholder in repr(table.value(key)):
            table.refuse(key, f"without {placeholder}: {rule}")
