"""Reads a project's settings in a child process, so that a tool never loads them itself."""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django_runtimes.cli import processes
from django_runtimes.cli.project import settings_probe
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.config.adopted import not_called
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.databases.engines import DSQL_ENGINE, engine_of_project
from django_runtimes.config.databases.search_path import schemas_of
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, Engine
from django_runtimes.config.variables.database.database_address import DATABASE_URL
from django_runtimes.config.variables.table import PREFIX

_LIMIT_S = 60.0
_LET_ENVIRONMENT_WIN = (
    "let the environment override .env, as load_dotenv() and read_env() do without override=True or overwrite=True"
)
# The loopback address has several names.
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
# Django's names of the vendors; MariaDB's is MySQL's.
_SYSTEMS = {
    "postgresql": Engine.POSTGRESQL,
    "mysql": Engine.MYSQL,
    "oracle": Engine.ORACLE,
    "microsoft": Engine.MSSQL,
}
PRODUCTS = {
    Engine.POSTGRESQL: "PostgreSQL",
    Engine.MYSQL: "MySQL",
    Engine.DSQL: "Aurora DSQL",
    Engine.ORACLE: "Oracle",
    Engine.MSSQL: "SQL Server",
}


class StartPython(Protocol):
    """Starts Python, with the project's modules importable, as a child that ends with the caller."""

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start the child, with its output in `log`."""
        ...


def start_python(
    arguments: Sequence[str], environ: Mapping[str, str], *, log: Path, directory: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start the same Python as this process in `directory`, or else in the current directory."""
    return processes.spawn([sys.executable, *arguments], environ=environ, log=log, directory=directory)


@dataclass(frozen=True)
class LoadedDatabase:
    """One entry of DATABASES; `role` and `schemas` are those that its OPTIONS name.

    `engine` is its ENGINE, and `system` what that is for; None for a system that the library cannot configure.
    """

    engine: str
    system: Engine | None
    host: str
    port: int
    name: str
    role: str = ""
    schemas: tuple[str, ...] = ()

    def is_at(self, address: Address) -> bool:
        """Return whether the database is on this server."""
        return self.port == address.port and _host(self.host) == _host(address.host)

    def __str__(self) -> str:
        return f"{self.name} at {self.host or 'a socket'}:{self.port}"


@dataclass(frozen=True)
class LoadedSettings:
    """A loaded settings module; `is_configured` says whether it called `configure()`.

    `replaces_url` says whether the settings assign to the variable DATABASE_URL.

    `https_settings` are the enabled settings that work only behind HTTPS, `https_cookies` the settings of cookies with
    values that browsers accept only over HTTPS, and `cookie_domains` the domains of cookies. `hashes_static_files` says
    whether URLs of static files come from a manifest that collectstatic writes, and `lacks_static_root` whether the
    library added WhiteNoise for a folder that does not exist. `replaced_engine` is the project's own engine of
    `default` if the library replaced it.
    """

    module: str
    is_configured: bool
    allowed_hosts: tuple[str, ...]
    has_secret_key: bool
    https_settings: tuple[str, ...]
    hashes_static_files: bool
    databases: Mapping[str, LoadedDatabase]
    https_cookies: tuple[str, ...] = ()
    cookie_domains: Mapping[str, str] = field(default_factory=dict)
    replaces_url: bool = False
    lacks_static_root: bool = False
    replaced_engine: str = ""

    def require_database(self, address: Address) -> None:
        """Raise ToolError unless `default` is the database at `address`, so that a tool touches no other database."""
        if not self.is_configured:
            raise ToolError(not_called(self.module))
        default = self.databases.get("default")
        if default is None or default.system is not address.engine:
            engine = "none" if default is None else repr(default.engine)
            raise ToolError(
                f"the engine of DATABASES['default'] in {self.module} is {engine}, but this needs "
                f"{PRODUCTS[address.engine]}; set it before configure(globals()), which takes the address from "
                "DATABASE_URL"
            )
        if not default.is_at(address) or default.name != address.name:
            remedy = _LET_ENVIRONMENT_WIN if self.replaces_url else "do not set it after configure(globals())"
            raise ToolError(
                f"DATABASES['default'] in {self.module} is {default}, although DATABASE_URL names another database, "
                f"and your own databases are never touched; {remedy}"
            )

    def elsewhere(self, address: Address) -> dict[str, LoadedDatabase]:
        """Return the other databases, by alias, that are on another server than `address`, without those in files."""
        return {
            alias: database
            for alias, database in self.databases.items()
            if alias != "default"
            and (database.system is not None or database.host)
            and not (database.system is address.engine and database.is_at(address))
        }


def load_settings(
    environ: Mapping[str, str],
    *,
    log: Path,
    directory: Path,
    start: StartPython = start_python,
    given: Collection[str] = (),
) -> LoadedSettings:
    """Load the settings that `environ` names; ToolError with the project's own error and its place if that fails.

    `directory` is the project's folder; errors show paths relative to it. `given` are the project's own variables that
    have values for this run. ToolError if the settings assign to these, or to the library's, since a target would then
    not run as it is named.
    """
    module = environ["DJANGO_SETTINGS_MODULE"]
    process = start(["-c", Path(settings_probe.__file__).read_text()], environ, log=log)
    try:
        exit_code = process.wait(_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"the settings {module} do not load within {_LIMIT_S:g} s; find out what they wait for"
        ) from None
    finally:
        processes.stop(process)
    lines = log.read_text(errors="replace").splitlines()
    answers = [line.removeprefix(settings_probe.MARK) for line in lines if line.startswith(settings_probe.MARK)]
    if not answers:
        raise ToolError(
            f"the settings {module} end Python with exit code {exit_code} while they load: {processes.cause(log)}; "
            "fix that there"
        )
    found = json.loads(answers[-1])
    if lost := [name for name in found["replaced"] if name.startswith(PREFIX) or name in given]:
        raise ToolError(
            f"the settings {module} replace the value of {', '.join(lost)} for this run; {_LET_ENVIRONMENT_WIN}"
        )
    if "error" in found:
        raise ToolError(_explain(module, found["error"], directory))
    return LoadedSettings(
        module,
        is_configured=found["is_configured"],
        allowed_hosts=tuple(found["allowed_hosts"]),
        has_secret_key=found["has_secret_key"],
        https_settings=tuple(found["https_settings"]),
        hashes_static_files=found["hashes_static_files"],
        databases={alias: _database(values) for alias, values in found["databases"].items()},
        https_cookies=tuple(found["https_cookies"]),
        cookie_domains=found["cookie_domains"],
        replaces_url=DATABASE_URL.name in found["replaced"],
        lacks_static_root=found["lacks_static_root"],
        replaced_engine=found["replaced_engine"],
    )


def _database(values: Mapping[str, Any]) -> LoadedDatabase:
    engine, port = values["engine"], values["port"]
    system = _system(values["vendor"], engine)
    return LoadedDatabase(
        engine=engine,
        system=system,
        host=values["host"],
        port=int(port) if port.isdigit() else DEFAULT_PORTS[system or Engine.POSTGRESQL],
        name=values["name"],
        role=values["role"],
        schemas=schemas_of(values["options"]),
    )


def _system(vendor: str | None, engine: str) -> Engine | None:
    """Return what an engine is for, by Django's name of its vendor, or by its own name if Django cannot load it."""
    if vendor is None:
        return engine_of_project({"ENGINE": engine})
    # The engine of Aurora DSQL has PostgreSQL's vendor.
    return Engine.DSQL if engine == DSQL_ENGINE else _SYSTEMS.get(vendor)


def _host(name: str) -> str:
    return _THIS_MACHINE[0] if name in _THIS_MACHINE else name


def _explain(module: str, error: Mapping[str, Any], directory: Path) -> str:
    if text := settings_not_found(module, error["missing"]):
        return text
    text = error["text"] if error["type"] == "ConfigurationError" else f"{error['type']}: {error['text']}"
    return f"the settings {module} do not load: {text}{shown_place(error['file'], error['line'], directory)}"


def settings_not_found(module: str, missing: str | None) -> str:
    """Return an error if `missing` is the settings module or a package above it, and otherwise an empty string."""
    if missing is None or not f"{module}.".startswith(f"{missing}."):
        return ""
    return (
        f"the settings {module} are not found: there is no module {missing!r}; correct settings in "
        "[tool.webapp] or DJANGO_SETTINGS_MODULE, or name the folder that holds it as python_path in [tool.webapp]"
    )


def shown_place(file: str | None, line: int | None, directory: Path) -> str:
    """Return the place in brackets, with its path relative to the project's folder; empty if there is no file."""
    if file is None:
        return ""
    path = Path(file)
    return f" ({path.relative_to(directory) if path.is_relative_to(directory) else path}, line {line})"
