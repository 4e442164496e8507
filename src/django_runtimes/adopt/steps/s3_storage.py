"""Puts uploads into the S3 bucket of WEBAPP_MEDIA_BUCKET."""

from collections.abc import Callable, Mapping
from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.s3_settings import OwnS3, s3_settings

S3 = "storages.backends.s3.S3Storage"
S3_BEFORE = "storages.backends.s3boto3.S3Boto3Storage"
S3_DIRECT = "django_runtimes.files.s3_upload_storage.S3UploadStorage"
S3_BACKENDS = (S3, S3_BEFORE, S3_DIRECT)
MEDIA_BUCKET_IS_SET = "WEBAPP_MEDIA_BUCKET is set"
_REGION = "AWS_S3_REGION_NAME"
_ADDRESSING_STYLE = "AWS_S3_ADDRESSING_STYLE"
_OVERWRITE = "AWS_S3_FILE_OVERWRITE"
# The access list that a bucket without access lists accepts.
_OWNERS_ACL = "bucket-owner-full-control"
# Without them URLs are not signed, or not encrypted.
_MUST_BE_TRUE = {"querystring_auth": "AWS_QUERYSTRING_AUTH", "use_ssl": "AWS_S3_USE_SSL"}
_GRANTS = frozenset({"ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"})


def on_s3(draft: Draft, storage: Mapping[str, Any], bucket: str) -> tuple[dict[str, Any], str]:
    """Return the project's own S3 storage with this bucket, or a plain S3 storage if it has none, and the reason.

    The plain one overwrites no file, unless the project's setting decides.
    Options and settings of a former bucket that would make files public, or their URLs useless, are overridden.
    """
    if storage.get("BACKEND") not in S3_BACKENDS:
        # As on the disk, a file gets another name if there is one of its name. django-storages would overwrite that.
        storage = {"BACKEND": S3} if draft.has(_OVERWRITE) else {"BACKEND": S3, "OPTIONS": {"file_overwrite": False}}
    before = storage.get("OPTIONS") or {}
    private = _private_options(draft, before, bucket)
    options = {**before, "bucket_name": bucket, **{option: value for option, (_, value) in private.items()}}
    # An empty region would override AWS_S3_REGION_NAME.
    if not options.get("region_name", True):
        del options["region_name"]
    return {**storage, "OPTIONS": options}, _reason([name for name, _ in private.values()])


def _reason(ignored: list[str]) -> str:
    if not ignored:
        return MEDIA_BUCKET_IS_SET
    return f"{MEDIA_BUCKET_IS_SET}: the bucket is private and its URLs are signed, so {', '.join(ignored)} cannot apply"


def _private_options(draft: Draft, options: Mapping[str, Any], bucket: str) -> dict[str, tuple[str, Any]]:
    """Return the options that must change, each with its name in the project and its value."""

    def effective(option: str, setting: str) -> Any:
        return _effective(draft, options, option, setting)

    found: dict[str, Any] = {}
    for option, setting in _MUST_BE_TRUE.items():
        if (option in options or draft.has(setting)) and not effective(option, setting):
            found[option] = (setting, True)
    if effective("custom_domain", "AWS_S3_CUSTOM_DOMAIN") and not _has_signed_domain(effective, options, bucket):
        found["custom_domain"] = ("AWS_S3_CUSTOM_DOMAIN", None)
    if effective("default_acl", "AWS_DEFAULT_ACL") not in (None, "", _OWNERS_ACL):
        found["default_acl"] = ("AWS_DEFAULT_ACL", None)
    parameters = effective("object_parameters", "AWS_S3_OBJECT_PARAMETERS") or {}
    kept = {name: value for name, value in parameters.items() if name not in _GRANTS or value == _OWNERS_ACL}
    if kept != parameters:
        found["object_parameters"] = ("AWS_S3_OBJECT_PARAMETERS", kept)
    return {option: (_name(options, option, setting), value) for option, (setting, value) in found.items()}


def _has_signed_domain(effective: Callable[[str, str], Any], options: Mapping[str, Any], bucket: str) -> bool:
    """Return whether the project's CloudFront signs the URLs of this same bucket."""
    is_same = effective("bucket_name", "AWS_STORAGE_BUCKET_NAME") == bucket
    key = effective("cloudfront_key", "AWS_CLOUDFRONT_KEY") and effective("cloudfront_key_id", "AWS_CLOUDFRONT_KEY_ID")
    return is_same and bool(options.get("cloudfront_signer") or key)


def _name(options: Mapping[str, Any], option: str, setting: str) -> str:
    return f"OPTIONS[{option!r}]" if option in options else setting


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
