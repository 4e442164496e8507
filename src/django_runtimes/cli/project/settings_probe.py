"""Loads a project's settings and prints, as its last line, the facts that the tools need, or the error.

This is a separate program, passed as text to `python -c`: it also runs in an image with another version of the
library. It prints MARK and JSON: `replaced` (the variables that were set and that the settings assign to), and `error`
(text, type, missing, file, line) or the result of `_describe`.
"""

import json
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Any

MARK = "webapp-settings "
_HTTPS_SETTINGS = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
_LOGIN_COOKIES = ("SESSION_COOKIE", "CSRF_COOKIE")
# Browsers accept a cookie with such a name only over HTTPS, and ignore its case.
_SECURE_PREFIXES = ("__secure-", "__host-", "__http-")


def main() -> None:
    """Print the line of JSON; the exit code is always 0."""
    replaced = _watch_environment()
    try:
        found = _describe()
    # A settings module may also call sys.exit().
    except (Exception, SystemExit) as error:
        found = {"error": _explain(error)}
    sys.stdout.flush()
    sys.stdout.write("\n" + MARK + json.dumps({**found, "replaced": sorted(replaced)}) + "\n")


def _watch_environment() -> set[str]:
    """Return a set to which each assignment to a variable that is set already adds its name."""
    replaced: set[str] = set()
    kind = type(os.environ)
    assign = kind.__setitem__

    def watched(self: "os._Environ[str]", name: str, value: str) -> None:
        if name in self:
            replaced.add(name)
        assign(self, name, value)

    kind.__setitem__ = watched  # type: ignore[method-assign]
    return replaced


def _describe() -> dict[str, object]:
    from django.conf import settings
    from django.db import connections

    databases = {}
    for alias, values in connections.settings.items():
        try:
            vendor = connections[alias].vendor
        except Exception:
            # Some engines need loaded apps; the tools can also judge an engine by its name.
            vendor = None
        databases[alias] = {
            "vendor": vendor,
            "engine": str(values.get("ENGINE")),
            "host": str(values.get("HOST") or ""),
            "port": str(values.get("PORT") or ""),
            "name": str(values.get("NAME") or ""),
            "role": str((values.get("OPTIONS") or {}).get("assume_role") or ""),
            "options": str((values.get("OPTIONS") or {}).get("options") or ""),
        }
    return {
        "is_configured": hasattr(settings, "DJANGO_RUNTIMES"),
        "allowed_hosts": [str(host) for host in settings.ALLOWED_HOSTS],
        "has_secret_key": _has_secret_key(),
        "https_settings": [name for name in _HTTPS_SETTINGS if getattr(settings, name)],
        "https_cookies": [
            name
            for cookie in _LOGIN_COOKIES
            for name, needs_https in (
                (f"{cookie}_NAME", _text(f"{cookie}_NAME").startswith(_SECURE_PREFIXES)),
                (f"{cookie}_SAMESITE", _text(f"{cookie}_SAMESITE") == "none"),
            )
            if needs_https
        ],
        "cookie_domains": {
            name: str(getattr(settings, name))
            for name in (f"{cookie}_DOMAIN" for cookie in _LOGIN_COOKIES)
            if getattr(settings, name)
        },
        "hashes_static_files": _hashes_static_files(),
        "lacks_static_root": _lacks_static_root(),
        "databases": databases,
        "replaced_engine": _replaced_engine(),
    }


def _text(name: str) -> str:
    """Return a setting in lower case if it is a string, and otherwise an empty string."""
    from django.conf import settings

    value = getattr(settings, name)
    return value.lower() if isinstance(value, str) else ""


def _has_secret_key() -> bool:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False


def _hashes_static_files() -> bool:
    from django.conf import settings
    from django.contrib.staticfiles.storage import HashedFilesMixin
    from django.utils.module_loading import import_string

    backend = settings.STORAGES.get("staticfiles", {}).get("BACKEND") or ""
    try:
        return issubclass(import_string(backend), HashedFilesMixin)
    except Exception:
        # A storage that needs loaded apps cannot be imported here, so its name decides.
        return "manifest" in str(backend).lower()


def _lacks_static_root() -> bool:
    """Return whether the library added WhiteNoise, which warns of a STATIC_ROOT that does not exist."""
    from django.conf import settings

    is_added = any(change.path == ("MIDDLEWARE",) for change in _changes())
    return is_added and not os.path.isdir(settings.STATIC_ROOT or "")  # noqa: PTH112  (a text, or a path)


def _replaced_engine() -> str:
    """Return the project's own engine of `default` if the library replaced it, and otherwise an empty string."""
    own = [change.before for change in _changes() if change.path == ("DATABASES", "default", "ENGINE")]
    return own[0] if own and isinstance(own[0], str) else ""


def _changes() -> tuple[Any, ...]:
    """Return what configure() changed, in the library of the settings; empty if they do not call it."""
    # The settings have loaded this module if they call configure().
    configuring = sys.modules.get("django_runtimes.adopt.configure")
    call = configuring.last_call() if configuring is not None else None
    return () if call is None else tuple(call.changes)


def _explain(error: BaseException) -> dict[str, object]:
    file, line = place_of(error)
    return {
        "type": type(error).__name__,
        "text": " ".join(str(error).split()),
        "missing": getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None,
        "file": file,
        "line": line,
    }


def place_of(error: BaseException) -> tuple[str | None, int | None]:
    """Return the file and line of the traceback's last frame in the project, not in Python or installed packages."""
    if isinstance(error, SyntaxError):
        return error.filename, error.lineno
    paths = sysconfig.get_paths()
    foreign = {os.path.realpath(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # The library may be in a checkout instead of site-packages.
    if "django_runtimes" in sys.modules:
        foreign.add(str(Path(str(sys.modules["django_runtimes"].__file__)).resolve().parent))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = os.path.realpath(frame.filename)
        if not frame.filename.startswith("<") and not any(file.startswith(folder + os.sep) for folder in foreign):
            return file, frame.lineno
    return None, None


if __name__ == "__main__":
    main()
