"""The settings of django-storages for uploaded files in S3."""

from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.aws_variables import (
    AWS_CONFIG_FILE,
    AWS_DEFAULT_REGION,
    AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_S3,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
    AWS_PROFILE,
    AWS_REGION,
)
from django_runtimes.config.variables.file_variables import MEDIA_BUCKET

_ENDPOINTS = (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)
# boto3 also looks for a region in the file and the profile that these variables name.
_AWS_CONFIGURATION = (AWS_PROFILE, AWS_CONFIG_FILE)


def s3_settings(environment: Environment, *, local: bool) -> dict[str, Any]:
    """Return the region, signature version and addressing style of the bucket, or nothing without a bucket.

    botocore's defaults work only in us-east-1 and only with the oldest signature.
    Raise ConfigurationError outside `local` when the bucket's region is unknown.
    """
    bucket = environment[MEDIA_BUCKET]
    if bucket is None:
        return {}
    has_endpoint = _has_endpoint(environment)
    # Other S3 servers may give regions any name.
    region = _any_region(environment) if has_endpoint else aws_region(environment)
    if region is None and not (local or has_endpoint or any(map(environment.is_set, _AWS_CONFIGURATION))):
        raise ConfigurationError(
            f"WEBAPP_MEDIA_BUCKET={bucket!r} is set, but AWS_REGION is not; set it to the region of the bucket"
        )
    return {
        "AWS_S3_REGION_NAME": region,
        "AWS_S3_SIGNATURE_VERSION": "s3v4",
        # Other S3 servers have one host name for all buckets.
        "AWS_S3_ADDRESSING_STYLE": "auto" if has_endpoint else "virtual",
    }


def _has_endpoint(environment: Environment) -> bool:
    """Return whether variables give boto3 an endpoint other than S3's own."""
    # botocore accepts no other spelling of true.
    if (environment[AWS_IGNORE_CONFIGURED_ENDPOINT_URLS] or "").lower() == "true":
        return False
    return any(map(environment.is_set, _ENDPOINTS))


def _any_region(environment: Environment) -> str | None:
    return environment[AWS_REGION] or environment[AWS_DEFAULT_REGION]
