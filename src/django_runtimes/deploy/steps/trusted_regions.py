"""Refuses a region whose databases the packaged root certificates cannot verify, before anything is created."""

import re
import ssl
from functools import cache

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import DB_ROOT_CERTIFICATES
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context

# Amazon names each of RDS's authorities so; those of its test environments have another word before the region.
_AUTHORITY = re.compile(r"'Amazon RDS ([a-z]{2}(?:-[a-z]+)+-\d) Root CA ")


def refuse_untrusted_region(context: Context) -> None:
    """Raise UsageError if no login could verify the database, since its authority is not in the packaged bundle."""
    region = context.aws.region
    if region in trusted_regions() or DB_ROOT_CERTIFICATES.name in context.own_settings.environment:
        return
    stage = context.deployment.stage
    raise UsageError(
        f"the library has no root certificate of RDS for the region {region}, so no login there could verify the "
        "database; choose another region, or add Amazon's bundle "
        f"(https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem) to the image and its path there to "
        f"{FILE_NAME}, as {DB_ROOT_CERTIFICATES.name} under [stages.{stage}.environment]"
    )


@cache
def trusted_regions() -> frozenset[str]:
    """Return the regions whose authorities are in the packaged bundle."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(PACKAGED_ROOTS[Route.DIRECT])
    return frozenset(_AUTHORITY.findall(repr(trust.get_ca_certs())))
