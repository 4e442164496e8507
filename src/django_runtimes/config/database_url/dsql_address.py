"""Checks the address of a cluster of Aurora DSQL."""

import re

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address

# A cluster's own host, as id.dsql.eu-west-1.on.aws, or its host in a VPC, as id.dsql-suffix.eu-west-1.on.aws.
_HOST = re.compile(r"[^.]+\.dsql(?:-[^.]+)?\.([^.]+)\.on\.aws", re.IGNORECASE)
# The only database of a cluster.
DSQL_DATABASE = "postgres"


def region_of_cluster(host: str) -> str | None:
    """Return the region that a cluster's host names, or None if it is no cluster's host."""
    found = _HOST.fullmatch(host)
    return None if found is None else found[1].lower()


def require_dsql_address(address: Address, place: str) -> None:
    """Raise ConfigurationError for an address that no cluster has; `place` says where the address is written."""
    if region_of_cluster(address.host) is None:
        raise ConfigurationError(
            f"{place} has the host {address.host!r}, which is not an Aurora DSQL cluster's; "
            "write the cluster's endpoint, as in id.dsql.eu-west-1.on.aws"
        )
    if address.name != DSQL_DATABASE:
        raise ConfigurationError(
            f"{place} names the database {address.name!r}, but Aurora DSQL has only {DSQL_DATABASE!r}; "
            "leave the name out"
        )
    if not address.user:
        raise ConfigurationError(f"{place} names no role; write it before the host, as in dsql://webapp@host")
    if address.password:
        raise ConfigurationError(f"{place} has a password, but Aurora DSQL accepts tokens of IAM only; remove it")
