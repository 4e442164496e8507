"""The settings of django-storages for uploaded files in S3."""

from typing import Any, NamedTuple

from django_runtimes.config.aws_profile import configured_endpoint
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.aws_variables import (
    AWS_CONFIG_FILE,
    AWS_DEFAULT_PROFILE,
    AWS_DEFAULT_REGION,
    AWS_ENDPOINT_URL_S3,
    AWS_PROFILE,
    AWS_REGION,
    AWS_S3_SESSION_PROFILE,
)
from django_runtimes.config.variables.file_variables import MEDIA_BUCKET

SIGNATURE_VERSION = "s3v4"
# boto3 also looks for a region in the file and the profile that these variables name.
_AWS_CONFIGURATION = (AWS_S3_SESSION_PROFILE, AWS_DEFAULT_PROFILE, AWS_PROFILE, AWS_CONFIG_FILE)


class OwnS3(NamedTuple):
    """The endpoint, the region and the profile that a project's settings give the storage of uploads."""

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None


_NOTHING = OwnS3()


def s3_settings(environment: Environment, *, local: bool, own: OwnS3 = _NOTHING) -> dict[str, Any]:
    """Return the region, signature version and addressing style of the bucket, or nothing without a bucket.

    botocore's defaults work only in us-east-1 and only with the oldest signature. Another S3 server has one host name
    for all buckets, so its addressing style is left to django-storages.
    Raise ConfigurationError outside `local` when the bucket's region is unknown.
    """
    bucket = environment[MEDIA_BUCKET]
    if bucket is None:
        return {}
    has_endpoint = bool(own.endpoint) or _has_configured_endpoint(environment, own.profile)
    # Other S3 servers may give regions any name.
    region = _any_region(environment) if has_endpoint else aws_region(environment)
    if not (region or own.region or local or has_endpoint or _has_aws_configuration(environment, own.profile)):
        raise ConfigurationError(
            f"WEBAPP_MEDIA_BUCKET={bucket!r} is set, but AWS_REGION is not; set it to the region of the bucket"
        )
    settings = {"AWS_S3_SIGNATURE_VERSION": SIGNATURE_VERSION}
    if region:
        settings["AWS_S3_REGION_NAME"] = region
    if not has_endpoint:
        settings["AWS_S3_ADDRESSING_STYLE"] = "virtual"
    return settings


def _has_configured_endpoint(environment: Environment, own_profile: str | None) -> bool:
    """Return whether variables or AWS's files give boto3 an endpoint other than S3's own."""
    profile = own_profile or environment[AWS_S3_SESSION_PROFILE]
    return bool(configured_endpoint(environment, AWS_ENDPOINT_URL_S3, "s3", profile))


def _has_aws_configuration(environment: Environment, own_profile: str | None) -> bool:
    return bool(own_profile) or any(map(environment.is_set, _AWS_CONFIGURATION))


def _any_region(environment: Environment) -> str | None:
    return environment[AWS_REGION] or environment[AWS_DEFAULT_REGION]
