"""Loads a project's settings and writes the findings as JSON: a program with two arguments, REQUEST and ANSWER."""

import contextlib
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.values.data_paths import SCHEMES
from django_runtimes.project_files.reading.read_variables import (
    recorded_variables,
    settings_fields,
    shape_of,
    value_of,
    variables_of_files,
)

_SQLITE = "django.db.backends.sqlite3"
_MOST_READS = 5
_MOST_PATHS = 60
_MOST_PATTERNS = 5000
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# The test client's own address.
_ORIGIN = "https://testserver"
# The characters of a URL's path that need no escape: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
_PATH_CHARACTERS = "/!$&'()*+,;=:@~"
# The characters that match themselves in a regular expression.
_LITERAL = re.compile(r"[\w/-]*")
_SIDE_EFFECTS = re.compile(r"log-?out|delete|callback|webhook|unsubscribe", re.IGNORECASE)
_LOGIN = re.compile(r"log-?in|sign-?in|sso", re.IGNORECASE)
# Pages that few visitors see; they are used only if a project has no others.
_RARE_PAGES = re.compile(r"admin|log-?in|sign-?in|sign-?up|sso|password|jsi18n|health|/cms/|debug", re.IGNORECASE)
_TOOLS = frozenset({"djdt", "silk", "debug_toolbar"})


def main(request_path: Path, answer_path: Path) -> None:
    """Answer one request; each step rewrites the answer, so that a step that hangs loses no earlier findings."""
    request = json.loads(request_path.read_text())
    answer: dict[str, Any] = {}

    def note(**values: Any) -> None:
        answer.update(values)
        answer_path.write_text(json.dumps(answer))

    sys.path[:] = [*request["paths"], *_moved(sys.path, Path(request["original"]), Path(request["root"]))]
    os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    try:
        root = Path(request["root"])
        with recorded_variables(root) as (variables, optional):
            values = _load_settings()
        files = variables_of_files(request["paths"])
        for name, is_optional in settings_fields(root):
            variables.setdefault(name, None)
            optional |= {name} if is_optional else set()
        for name in variables:
            if variables[name] is None and (value := value_of(name, files)) is not None:
                variables[name] = shape_of(value)
        for name in optional & _variables_of_database(files):
            # At run time, DATABASE_URL replaces these variables.
            variables.pop(name, None)
        note(**values, variables=variables, optional=sorted(optional))
        # The developer's own database is not used, since a page may write to it.
        is_file = values["engines"].get("default") == _SQLITE
        database = request["database"] or ({"ENGINE": _SQLITE, "NAME": ":memory:"} if is_file else None)
        _set_up(database)
        paths = list(_paths())[:_MOST_PATHS]
        note(paths=paths)
        if request["probes"] and database is not None:
            note(reads=_reads(paths))
    except BaseException as error:
        note(error=_described(error, Path(request["root"])))


def _moved(paths: list[str], original: Path, root: Path) -> Iterator[str]:
    """Yield the import paths; those inside the project, such as an editable install's, lead to its copy instead."""
    for text in paths:
        path = Path(text)
        is_own = text and path.is_relative_to(original) and "site-packages" not in path.parts
        moved = root / path.relative_to(original) if is_own else path
        yield str(moved) if is_own and moved.is_dir() and not moved.is_symlink() else text


def _load_settings() -> dict[str, Any]:
    from django import get_version
    from django.conf import settings

    with contextlib.redirect_stdout(sys.stderr):
        apps = list(settings.INSTALLED_APPS)
    return {
        "django": get_version(),
        "apps": [str(app) for app in apps],
        "engines": {alias: str(values.get("ENGINE", "")) for alias, values in settings.DATABASES.items()},
        "own_engines": sorted(_own_engines(settings.DATABASES)),
        "default_database": _default_database(settings.DATABASES),
        "debug": bool(settings.DEBUG),
        "names_databases": settings.is_overridden("DATABASES"),
    }


def _own_engines(databases: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the engines for which the library has its own, in DATABASES and in DATABASE_URL."""
    found = {engine_of_project(values) for values in databases.values()} | {SCHEMES.get(_scheme_of_url())}
    return {engine.value for engine in found if engine is not None}


def _default_database(databases: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the default database at run time, as a scheme of DATABASE_URL, or None for one without a scheme."""
    scheme = _scheme_of_url()
    if scheme in SCHEMES:
        return scheme
    engine = engine_of_project(databases.get("default", {}))
    return None if engine is None else engine.value


def _scheme_of_url() -> str:
    # The settings need not read the variable: it replaces the address of the default database at run time.
    return os.environ.get("DATABASE_URL", "").partition("://")[0]


def _variables_of_database(files: Mapping[str, str]) -> set[str]:
    """Return the variables whose values are all or part of the default database's address."""
    from django.conf import settings

    address = settings.DATABASES.get("default", {})
    parts = {str(address[key]) for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT") if address.get(key)}
    return {name for name, value in {**files, **os.environ}.items() if value in parts}


def _set_up(database: Mapping[str, Any] | None) -> None:
    """Set up Django without log files, e-mail, caches or uploads on disk, and with the given database, if any."""
    import django
    from django.conf import settings

    settings.LOGGING_CONFIG = None
    if not settings._wrapped.SECRET_KEY:
        settings.SECRET_KEY = "unused" * 10
    settings.CACHES = {
        alias: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": alias}
        for alias in {"default", *settings.CACHES}
    }
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**dict.fromkeys(settings.STORAGES, in_memory), "default": in_memory, "staticfiles": plain}
    if database is not None:
        for values in settings.DATABASES.values():
            values.update(database, OPTIONS={})
    django.setup()


def _paths() -> Iterator[str]:
    """Yield the paths of views that take no parameters and need no login, as far as the URLconf shows."""
    from django.urls import get_resolver

    found = dict.fromkeys(["/", *_walk(get_resolver().url_patterns, "/")])
    yield from sorted(found, key=lambda path: (_RARE_PAGES.search(path) is not None, path.count("/")))


def _walk(patterns: Any, prefix: str, budget: list[int] | None = None) -> Iterator[str]:
    budget = [_MOST_PATTERNS] if budget is None else budget
    for pattern in patterns:
        budget[0] -= 1
        literal = _literal(pattern.pattern)
        if literal is None or budget[0] < 0:
            continue
        path = prefix + literal
        if hasattr(pattern, "url_patterns"):
            if pattern.app_name not in _TOOLS:
                yield from _walk(pattern.url_patterns, path, budget)
        elif _is_open(pattern.callback) and not _SIDE_EFFECTS.search(path):
            yield quote(path, safe=_PATH_CHARACTERS)


def _literal(pattern: Any) -> str | None:
    """Return the only text that a pattern matches, or None if it takes a parameter."""
    if hasattr(pattern, "language_prefix"):
        return str(pattern.language_prefix)
    if hasattr(pattern, "_route"):
        route = str(pattern._route)
        return None if "<" in route else route
    text = str(pattern._regex).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    text = re.sub(r"\\([.\-/])", r"\1", text.replace("/?", ""))
    return text if _LITERAL.fullmatch(text.replace(".", "")) else None


def _is_open(view: Any) -> bool:
    """Return whether a view answers GET without a login, as far as its attributes show."""
    if hasattr(view, "login_url") or hasattr(view, "redirect_field_name"):
        return False
    if "get" not in (getattr(view, "actions", None) or {"get"}):
        return False
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if kind is None:
        return True
    names = {base.__name__ for base in kind.__mro__}
    answers = hasattr(kind, "get") or hasattr(view, "actions")
    return answers and not names & {"AccessMixin", "LogoutView", "PasswordChangeView"}


def _reads(paths: list[str]) -> list[str]:
    """Return the first paths, with their queries, that answer 200 to a visitor on a migrated database."""
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    with contextlib.redirect_stdout(sys.stderr):
        call_command("migrate", verbosity=0, interactive=False)
    client = Client(raise_request_exception=False)
    found: list[str] = []
    for path in paths:
        if len(found) == _MOST_READS or (found and _RARE_PAGES.search(path)):
            break
        with contextlib.suppress(Exception):
            landed = _page_at(path, client)
            if landed is not None and landed not in found:
                found.append(landed)
    return found


def _page_at(path: str, client: Any) -> str | None:
    """Return the path to which `path` leads if it answers 200 to a visitor without cookies, or None."""
    from django.utils.encoding import iri_to_uri

    target = path
    for _ in range(_MOST_REDIRECTS + 1):
        # The test client would take the start of a path such as //about/ for a host.
        client.cookies.clear()
        response = client.get(f"{_ORIGIN}{target}", secure=True)
        if response.status_code not in _REDIRECTS:
            is_login = target != path and _LOGIN.search(urlsplit(target).path)
            return target if response.status_code == 200 and not is_login else None
        address = urlsplit(urljoin(f"{_ORIGIN}{target}", iri_to_uri(response["Location"])))
        if address.netloc != urlsplit(_ORIGIN).netloc:
            return None
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    return None


def _described(error: BaseException, root: Path) -> dict[str, Any]:
    """Describe an error, with the last line of the project's own code in its traceback."""
    text = " ".join(str(error).split()) or "no reason given"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and "site-packages" not in frame.filename
    ]
    where = f"{Path(frames[-1].filename).relative_to(root)}:{frames[-1].lineno}" if frames else None
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return {"kind": type(error).__name__, "text": text, "where": where, "missing_module": missing}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
