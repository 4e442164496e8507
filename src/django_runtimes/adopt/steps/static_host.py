"""Decides the host from which browsers load static files."""

from urllib.parse import urlsplit

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.file_variables import STATIC_BUCKET, STATIC_HOST


def set_static_host(draft: Draft, variables: ProcessVariables) -> None:
    """Put the host of the CDN or of the bucket before the path of STATIC_URL."""
    host = variables[STATIC_HOST]
    bucket = variables[STATIC_BUCKET]
    if host is not None:
        reason = f"{STATIC_HOST.name} is set"
    elif bucket is not None:
        host, reason = _bucket_host(bucket, aws_region(variables.environment)), f"{STATIC_BUCKET.name} is set"
    else:
        return
    url = draft.value("STATIC_URL")
    if not url:
        raise ConfigurationError(f"{reason}, but the settings have no STATIC_URL; set it to a path such as 'static/'")
    draft.set("STATIC_URL", f"https://{host}/{urlsplit(url).path.lstrip('/')}", reason)


def _bucket_host(bucket: str, region: str | None) -> str:
    if region is None:
        raise ConfigurationError(
            f"{STATIC_BUCKET.name}={bucket!r} is set, but neither AWS_REGION nor {STATIC_HOST.name} is; set AWS_REGION "
            f"to the region of the bucket, or {STATIC_HOST.name} to the host of the CDN"
        )
    if "." in bucket:
        raise ConfigurationError(
            f"{STATIC_BUCKET.name}={bucket!r} has a dot, so no certificate covers its own host; set {STATIC_HOST.name} "
            "to the host of a CDN"
        )
    return f"{bucket}.s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
