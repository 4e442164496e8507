"""Refuses a region whose databases the packaged root certificates cannot verify, before anything is created."""

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.database.database_address import DB_ROOT_CERTIFICATES
from django_runtimes.databases.rds_authorities import bundle_place, trusted_regions
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.context import Context


def refuse_untrusted_region(context: Context) -> None:
    """Raise UsageError if a login of the stage could not verify the database.

    On the Data API only the operations task logs in at the database itself.
    """
    if context.has_data_api and not context.tasks:
        return
    refuse_login_in_untrusted_region(context)


def refuse_login_in_untrusted_region(context: Context) -> None:
    """Raise UsageError if the authority of the region's databases is not in the packaged bundle."""
    region = context.aws.region
    if region in trusted_regions() or DB_ROOT_CERTIFICATES.name in context.own_settings.environment:
        return
    if context.has_data_api:
        lost = "a task there could not verify the database; run the command without a task, on the Data API"
    else:
        lost = "no login there could verify the database; choose another region"
    raise UsageError(
        f"the library has no root certificate of RDS for the region {region}, so {lost}, or add Amazon's bundle "
        f"({bundle_place(region)}) to the image and its path there to {FILE_NAME}, as {DB_ROOT_CERTIFICATES.name} "
        f"under [stages.{context.deployment.stage}.environment]"
    )
