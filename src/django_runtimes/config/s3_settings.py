"""How uploaded files reach their bucket, as django-storages' settings want it."""

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
# In the files that these name boto3 looks for a region too.
_AWS_CONFIGURATION = (AWS_PROFILE, AWS_CONFIG_FILE)


def s3_settings(environment: Environment, *, local: bool) -> dict[str, Any]:
    """AWS_S3_REGION_NAME, AWS_S3_SIGNATURE_VERSION and AWS_S3_ADDRESSING_STYLE; nothing without a bucket.

    botocore's own default is an address that only us-east-1 answers, and there only with the oldest signature.
    Raises ConfigurationError outside `local` when nothing says where the bucket is.
    """
    bucket = environment[MEDIA_BUCKET]
    if bucket is None:
        return {}
    has_endpoint = _has_endpoint(environment)
    # Other servers have regions of any name.
    region = _any_region(environment) if has_endpoint else aws_region(environment)
    if region is None and not (local or has_endpoint or any(map(environment.is_set, _AWS_CONFIGURATION))):
        raise ConfigurationError(
            f"WEBAPP_MEDIA_BUCKET={bucket!r} and AWS_REGION is not set; set it to the region of the bucket"
        )
    return {
        "AWS_S3_REGION_NAME": region,
        "AWS_S3_SIGNATURE_VERSION": "s3v4",
        # A server that stands in for S3 has one host name, and no name for each bucket.
        "AWS_S3_ADDRESSING_STYLE": "auto" if has_endpoint else "virtual",
    }


def _has_endpoint(environment: Environment) -> bool:
    """Whether boto3 takes another address than S3's own from the variables."""
    # botocore knows no other word for true.
    if (environment[AWS_IGNORE_CONFIGURED_ENDPOINT_URLS] or "").lower() == "true":
        return False
    return any(map(environment.is_set, _ENDPOINTS))


def _any_region(environment: Environment) -> str | None:
    return environment[AWS_REGION] or environment[AWS_DEFAULT_REGION]
