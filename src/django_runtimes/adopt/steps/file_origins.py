"""Finds the origins other than the application's own from which pages load static files and uploads."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.adopt.steps.s3_storage import S3_BACKENDS
from django_runtimes.config.aws_profile import configured_endpoint
from django_runtimes.config.values.access_point import access_point
from django_runtimes.config.variables.aws_variables import AWS_ENDPOINT_URL_S3


def file_origins(draft: Draft, variables: ProcessVariables, storage: str, url: str) -> list[str]:
    """Return the origins of an entry of STORAGES and of the setting with the URL of its files, such as STATIC_URL."""
    found = [
        *_of_url(draft.value(url)),
        *_of_storage(draft, variables, (draft.value("STORAGES") or {}).get(storage) or {}),
    ]
    return list(dict.fromkeys(found))


def _of_url(url: object) -> Iterator[str]:
    if isinstance(url, str) and (url.startswith("//") or "://" in url):
        parts = urlsplit(url)
        yield f"{parts.scheme or 'https'}://{parts.netloc}"


def _of_storage(draft: Draft, variables: ProcessVariables, storage: dict[str, Any]) -> Iterator[str]:
    if storage.get("BACKEND") not in S3_BACKENDS and "s3" not in str(storage.get("BACKEND", "")).lower():
        return
    options = storage.get("OPTIONS") or {}

    def value(option: str, setting: str) -> Any:
        return options[option] if option in options else draft.value(setting)

    if domain := value("custom_domain", "AWS_S3_CUSTOM_DOMAIN"):
        yield f"https://{domain}"
    if not (bucket := value("bucket_name", "AWS_STORAGE_BUCKET_NAME")):
        return
    profile = value("session_profile", "AWS_S3_SESSION_PROFILE")
    endpoint = value("endpoint_url", "AWS_S3_ENDPOINT_URL")
    # boto3 reads these endpoints itself.
    if endpoint := endpoint or configured_endpoint(variables.environment, AWS_ENDPOINT_URL_S3, "s3", profile):
        parts = urlsplit(endpoint)
        yield f"{parts.scheme}://{parts.netloc}"
        yield f"{parts.scheme}://{bucket}.{parts.netloc}"
        return
    point = access_point(bucket)
    region = point.region if point else value("region_name", "AWS_S3_REGION_NAME")
    suffix = "amazonaws.com.cn" if str(region).startswith("cn-") else "amazonaws.com"
    if point:
        yield f"https://{point.host}.{suffix}"
        return
    for host in (f"s3.{region}.{suffix}" if region else "", f"s3.{suffix}"):
        if host:
            # A certificate's wildcard matches no further dot, so boto3 puts such a bucket into the path.
            yield f"https://{host}/{bucket}/" if "." in bucket else f"https://{bucket}.{host}"
