"""Builds entries of Django's DATABASES for Aurora DSQL, from those for PostgreSQL."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.dsql_address import DSQL_DATABASE, region_of_cluster, require_dsql_address
from django_runtimes.config.databases.credentials import IamToken, Login
from django_runtimes.config.databases.engines import DSQL_ENGINE, engine_of_project
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import Role, Source, SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.variables.database.database_address import DB_ROOT_CERTIFICATES, DB_SSLMODE
from django_runtimes.config.variables.database.database_login import (
    DB_CREDENTIALS,
    DB_OPERATIONS_PASSWORD,
    DB_OPERATIONS_SECRET_ARN,
    DB_OPERATIONS_USER,
    DB_PASSWORD,
    DB_ROLE,
)

# The service ends a connection after an hour, and a request may still run on it for some minutes.
LONGEST_AGE_S = 3000
_PASSWORD_VARIABLES = (DB_PASSWORD, DB_OPERATIONS_PASSWORD, DB_OPERATIONS_SECRET_ARN)
# Variables of the login and the certificate of `default`, which another server than a cluster may need.
OF_OTHER_SERVER = (*_PASSWORD_VARIABLES, DB_CREDENTIALS, DB_OPERATIONS_USER, DB_SSLMODE, DB_ROOT_CERTIFICATES)
# Options whose statements the service refuses.
_REFUSED_OPTIONS = {
    "isolation_level": "its only isolation level is REPEATABLE READ",
    "options": "it accepts no settings of a session when it connects",
}


def dsql_address(environment: Environment, address: Address, place: str, project: Mapping[str, Any]) -> Address:
    """Return the address with verified TLS and the cluster's database.

    The TLS options of the project's entry count if its engine is Aurora DSQL's, and are another server's otherwise.
    Raise ConfigurationError for an address or a mode that cannot work.
    """
    address = replace(address, name=address.name or DSQL_DATABASE)
    require_dsql_address(address, place)
    given = (project.get("OPTIONS") or {}) if engine_of_project(project) is Engine.DSQL else {}
    mode = address.options.get("sslmode") or environment[DB_SSLMODE] or given.get("sslmode") or SslMode.VERIFY_FULL
    if mode != SslMode.VERIFY_FULL:
        raise ConfigurationError(
            f"sslmode={str(mode)!r} does not verify the server, which gets a token of IAM; "
            "Aurora DSQL needs verify-full, so unset it"
        )
    # Amazon Trust Services certify clusters, as they do RDS Proxy.
    root = environment[DB_ROOT_CERTIFICATES] or given.get("sslrootcert") or str(PACKAGED_ROOTS[Route.PROXY])
    return replace(
        address,
        options={**address.options, "sslmode": str(mode), "sslrootcert": address.options.get("sslrootcert") or root},
    )


def dsql_login(environment: Environment, address: Address) -> Login:
    """Return the login for WEBAPP_DB_ROLE, a token of the cluster's region; ConfigurationError for another source."""
    if environment.is_set(DB_CREDENTIALS) and environment[DB_CREDENTIALS] is not Source.IAM:
        raise ConfigurationError(
            f"{DB_CREDENTIALS.name}={str(environment[DB_CREDENTIALS])!r}, but Aurora DSQL accepts tokens of IAM only; "
            "set it to iam, or unset it"
        )
    for variable in _PASSWORD_VARIABLES:
        if environment.is_set(variable):
            raise ConfigurationError(f"{variable.name} is set, but Aurora DSQL accepts tokens of IAM only; unset it")
    region = region_of_cluster(address.host)
    assert region is not None, "require_dsql_address() has checked the host"  # noqa: S101
    operations_user = environment[DB_OPERATIONS_USER] if environment[DB_ROLE] is Role.OPERATIONS else None
    return Login(operations_user or address.user, Secret(), IamToken(region))


def as_dsql_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """Return PostgreSQL's entry with the engine of Aurora DSQL and within the service's limits.

    Raise ConfigurationError for options that the service refuses, and for connections that would outlive its limit.
    """
    options = entry["OPTIONS"]
    for name, reason in _REFUSED_OPTIONS.items():
        if options.get(name):
            raise ConfigurationError(f"OPTIONS has {name!r}, which Aurora DSQL refuses: {reason}; remove it")
    max_age_s = entry["CONN_MAX_AGE"]
    if max_age_s is None or max_age_s > LONGEST_AGE_S:
        raise ConfigurationError(
            f"connections would be kept for {'ever' if max_age_s is None else f'{max_age_s} s'}, but Aurora DSQL ends "
            f"them after 60 minutes; set WEBAPP_DB_MAX_AGE_S to {LONGEST_AGE_S} or less"
        )
    pool = options.get("pool")
    if pool:
        lifetime_s = min(float(pool.get("max_lifetime", LONGEST_AGE_S)), LONGEST_AGE_S)
        options = {**options, "pool": {**pool, "max_lifetime": lifetime_s}}
    return {
        **entry,
        "ENGINE": DSQL_ENGINE,
        "OPTIONS": {**options, "prepare_threshold": None},
        # The service has no cursors.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
