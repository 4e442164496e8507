"""Puts uploads into the S3 bucket of WEBAPP_MEDIA_BUCKET."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.s3_settings import OwnS3, s3_settings

S3 = "storages.backends.s3.S3Storage"
S3_BEFORE = "storages.backends.s3boto3.S3Boto3Storage"
MEDIA_BUCKET_IS_SET = "WEBAPP_MEDIA_BUCKET is set"
_REGION = "AWS_S3_REGION_NAME"
_ADDRESSING_STYLE = "AWS_S3_ADDRESSING_STYLE"


def on_s3(storage: Mapping[str, Any], bucket: str) -> dict[str, Any]:
    """Return the project's own S3 storage with this bucket, or a plain S3 storage if it has none."""
    if storage.get("BACKEND") not in (S3, S3_BEFORE):
        return {"BACKEND": S3, "OPTIONS": {"bucket_name": bucket}}
    options = {**(storage.get("OPTIONS") or {}), "bucket_name": bucket}
    # An empty region would override AWS_S3_REGION_NAME.
    if not options.get("region_name", True):
        del options["region_name"]
    return {**storage, "OPTIONS": options}


def set_bucket_settings(draft: Draft, variables: ProcessVariables, storages: dict[str, Any]) -> None:
    """Set django-storages' settings for the default storage, or its options where a setting would break another one."""
    options: dict[str, Any] = storages["default"]["OPTIONS"]
    client_region = getattr(_effective(draft, options, "client_config", "AWS_S3_CLIENT_CONFIG"), "region_name", None)
    own = OwnS3(
        endpoint=_effective(draft, options, "endpoint_url", "AWS_S3_ENDPOINT_URL"),
        region=_effective(draft, options, "region_name", _REGION) or client_region,
        profile=_effective(draft, options, "session_profile", "AWS_S3_SESSION_PROFILE"),
    )
    settings = s3_settings(variables.environment, local=variables.is_local, own=own)
    if client_region:
        # The setting would override the region of the client's configuration.
        settings.pop(_REGION, None)
    if _ADDRESSING_STYLE in settings and _others_have_endpoint(storages):
        style = settings.pop(_ADDRESSING_STYLE)
        if not draft.has(_ADDRESSING_STYLE):
            options.setdefault("addressing_style", style)
    for name, value in settings.items():
        # boto3 does not read AWS_REGION, so an empty region does not express a choice.
        choose = draft.set if name == _REGION and not draft.value(name) else draft.default
        choose(name, value, f"{MEDIA_BUCKET_IS_SET}: the bucket needs this value")


def _effective(draft: Draft, options: Mapping[str, Any], option: str, setting: str) -> Any:
    return options[option] if option in options else draft.value(setting)


def _others_have_endpoint(storages: Mapping[str, Any]) -> bool:
    """Return whether a storage other than the default one names an endpoint of its own."""
    others = (storage for alias, storage in storages.items() if alias != "default")
    return any((storage.get("OPTIONS") or {}).get("endpoint_url") for storage in others)
