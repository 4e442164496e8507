"""Checks that the file of trusted certificate authorities can be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError

# libpq's name for the certificate authorities that the operating system trusts.
_SYSTEM = "system"


def require_root_certificates(alias: str, database: Mapping[str, Any], project: Mapping[str, Any]) -> None:
    """Raise ConfigurationError when the sslrootcert of an entry of DATABASES cannot be read.

    `project` is the project's own entry. Call this before the first connection is opened: if a pool opens it, the
    failure appears only in the log.
    """
    path = (database.get("OPTIONS") or {}).get("sslrootcert")
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
