"""Checks that the files of a database's TLS can be read and used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.engines import MYSQL_ENGINE, ORACLE_ENGINE
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.choices import SslMode

# libpq's name for the certificate authorities that the operating system trusts.
_SYSTEM = "system"
# Their drivers get a context of Python's ssl module; libpq reads the files itself and names the wrong one.
_WITH_CONTEXT = frozenset({MYSQL_ENGINE, ORACLE_ENGINE})
_FILES = {"root": "sslrootcert", "certificate": "sslcert", "key": "sslkey"}


def require_tls_files(alias: str, database: Mapping[str, Any], project: Mapping[str, Any]) -> None:
    """Raise ConfigurationError when files of an entry of DATABASES cannot be read, or cannot be used for TLS.

    `project` is the project's own entry. Call this before the first connection is opened: if a pool opens it, the
    failure appears only in the log.
    """
    options = database.get("OPTIONS") or {}
    _require_readable_root(alias, options, project)
    files = {name: options.get(option) for name, option in _FILES.items()}
    own = {option: path for name, option in _FILES.items() if (path := files[name])}
    is_packaged = set(own.values()) <= {str(path) for path in PACKAGED_ROOTS.values()}
    mode = str(options.get("sslmode") or SslMode.DISABLE)
    if is_packaged or database.get("ENGINE") not in _WITH_CONTEXT or mode == SslMode.DISABLE:
        return
    # Imported here, since it needs OpenSSL, and libpq has its own.
    from django_runtimes.databases.sockets.tls_contexts import tls_context

    try:
        # MySQL's connections will use the same context.
        tls_context(mode, **files)
    except OSError as error:
        given = ", ".join(f"{option}={path!r}" for option, path in own.items())
        raise ConfigurationError(
            f"DATABASES[{alias!r}] has {given}, which cannot be used for TLS ({error.strerror or error}); name PEM "
            "files with the certificates, and with a key that belongs to the client's certificate and has no passphrase"
        ) from None


def _require_readable_root(alias: str, options: Mapping[str, Any], project: Mapping[str, Any]) -> None:
    path = options.get("sslrootcert")
    if path is None or path == _SYSTEM:
        return
    try:
        Path(path).open("rb").close()
    except OSError as error:
        if path == (project.get("OPTIONS") or {}).get("sslrootcert"):
            raise ConfigurationError(
                f"DATABASES[{alias!r}]['OPTIONS'] has sslrootcert={path!r}, which cannot be read ({error.strerror}); "
                "correct it in the settings, or remove it"
            ) from None
        raise ConfigurationError(
            f"{path!r}, the file of authorities that certify the database's server, cannot be read "
            f"({error.strerror}); correct WEBAPP_DB_ROOT_CERTIFICATES (direct route), "
            "WEBAPP_DB_PROXY_ROOT_CERTIFICATES (proxy) or the option sslrootcert of DATABASE_URL, or unset it"
        ) from None
