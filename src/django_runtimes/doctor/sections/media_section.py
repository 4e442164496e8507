"""Examines whether the bucket of uploads exists, is private, and accepts uploads from browsers."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django_runtimes.adopt.steps.s3_storage import S3_BACKENDS
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.file_variables import DIRECT_UPLOADS, MEDIA_BUCKET
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_TEMPLATE = "deploy/foundation/storage.yaml has one"
_MISSING = frozenset(
    {"NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration"}
)


class _ExaminedBucket(NamedTuple):
    """The bucket of the default storage; `incoming` is the place of uploads that no form has accepted."""

    client: Any
    name: str
    incoming: str


def examine_media(examination: Examination) -> list[Finding]:
    """Return the findings about the bucket of the default storage; nothing is written."""
    try:
        is_set = examination.environment[MEDIA_BUCKET] is not None
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    if examination.offline:
        return [Finding(Level.SKIPPED, "no bucket was asked, because of --offline")]
    if examination.settings_error is not None or examination.missing_call is not None:
        return [Finding(Level.SKIPPED, "no bucket was asked, because the settings do not load or call configure()")]
    from django.conf import settings

    if settings.STORAGES.get("default", {}).get("BACKEND") not in S3_BACKENDS:
        return [Finding(Level.SKIPPED, f"{MEDIA_BUCKET.name} is not set, and the default storage is no S3Storage")]
    return list(_examined(private=is_set))


def _examined(*, private: bool) -> Iterator[Finding]:
    # Only a process with a bucket needs boto3, and the settings must be loaded before these imports.
    from botocore.exceptions import BotoCoreError, ClientError

    from django_runtimes.files.upload_limits import uploads_are_direct

    bucket = _default_bucket()
    try:
        found = bucket.client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        yield _refused(bucket, error)
        return
    except BotoCoreError as error:
        remedy = "check the credentials, the region and the way to S3"
        yield Finding(Level.WRONG, f"the bucket {bucket.name} could not be asked: {error}", remedy)
        return
    yield _region(bucket, found)
    if private:
        yield from _answered(bucket, "get_public_access_block", "s3:GetBucketPublicAccessBlock", _public_access)
    if not uploads_are_direct():
        yield Finding(Level.SKIPPED, f"{DIRECT_UPLOADS.name} is off, so browsers send nothing to the bucket")
        return
    yield from _answered(bucket, "get_bucket_cors", "s3:GetBucketCORS", _cors)
    lifecycle = partial(_lifecycle, bucket.incoming)
    yield from _answered(bucket, "get_bucket_lifecycle_configuration", "s3:GetLifecycleConfiguration", lifecycle)


def _default_bucket() -> _ExaminedBucket:
    """Return the bucket with a client that has the storage's credentials, but does not wait for minutes."""
    from botocore.config import Config
    from django.core.files.storage import storages

    from django_runtimes.files.sent_upload import INCOMING

    storage: Any = storages["default"]
    hurry = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
    client = storage._create_session().client(
        "s3",
        region_name=storage.region_name,
        use_ssl=storage.use_ssl,
        endpoint_url=storage.endpoint_url,
        config=storage.client_config.merge(hurry),
        verify=storage.verify,
    )
    return _ExaminedBucket(client, str(storage.bucket_name), str(storage._normalize_name(f"{INCOMING}/")))


def _refused(bucket: _ExaminedBucket, error: "ClientError") -> Finding:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 404:
        text = f"the bucket {bucket.name} does not exist"
        return Finding(Level.WRONG, text, f"create it, or correct {MEDIA_BUCKET.name}")
    text = f"the bucket {bucket.name} refuses these credentials (status {status})"
    return Finding(Level.WRONG, text, "give them s3:ListBucket on the bucket, or correct its name")


def _region(bucket: _ExaminedBucket, found: Mapping[str, Any]) -> Finding:
    headers = found["ResponseMetadata"]["HTTPHeaders"]
    own, used = headers.get("x-amz-bucket-region"), bucket.client.meta.region_name
    if own is None or own == used:
        return Finding(Level.OK, f"the bucket {bucket.name} exists in {used}")
    # Other S3 servers accept every region.
    level = Level.WRONG if "amazonaws.com" in bucket.client.meta.endpoint_url else Level.WARNING
    text = f"the bucket {bucket.name} is in {own}, but the URLs are signed for {used}, so no file can be read"
    return Finding(level, text, f"set AWS_S3_REGION_NAME={own!r} in the settings, or choose a bucket in {used}")


def _answered(
    bucket: _ExaminedBucket, call: str, permission: str, judge: Callable[[Mapping[str, Any]], Finding]
) -> Iterator[Finding]:
    """Yield the finding about the answer, which is empty if the bucket has no such configuration."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = getattr(bucket.client, call)(Bucket=bucket.name)
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
        if code not in _MISSING:
            remedy = f"run `webapp doctor media` with credentials that have {permission}"
            yield Finding(Level.SKIPPED, f"{permission} was not answered: {code}", remedy)
            return
        answer = {}
    yield judge(answer)


def _public_access(answer: Mapping[str, Any]) -> Finding:
    blocks = answer.get("PublicAccessBlockConfiguration", {})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    off = [name for name in names if not blocks.get(name)]
    if not off:
        return Finding(Level.OK, "it blocks public access")
    text = f"it does not block public access ({', '.join(off)}), unless the account does"
    return Finding(Level.WARNING, text, "turn on all four blocks of the bucket; signed URLs need none of them off")


def _cors(answer: Mapping[str, Any]) -> Finding:
    rules = [rule for rule in answer.get("CORSRules", []) if "POST" in rule["AllowedMethods"]]
    if not rules:
        text = "its CORS rules do not allow POST, so browsers cannot send uploads"
        return Finding(Level.WRONG, text, f"add a rule that allows POST from your origins; {_TEMPLATE}")
    origins = dict.fromkeys(origin for rule in rules for origin in rule["AllowedOrigins"])
    return Finding(Level.OK, f"browsers may send uploads from {', '.join(origins)}")


def _lifecycle(incoming: str, answer: Mapping[str, Any]) -> Finding:
    prefixes = {_prefix(rule): rule["Expiration"] for rule in answer.get("Rules", []) if _expires(rule)}
    covering = [prefix for prefix in prefixes if prefix is not None and incoming.startswith(prefix)]
    if not covering:
        text = f"no lifecycle rule deletes uploads below {incoming} that no form accepts"
        return Finding(Level.WARNING, text, f"add a rule with this prefix that expires after a day; {_TEMPLATE}")
    if wider := [prefix for prefix in covering if prefix.rstrip("/") != incoming.rstrip("/")]:
        text = f"the lifecycle rule of the prefix {wider[0]!r} deletes accepted files too"
        return Finding(Level.WRONG, text, f"limit the rule to {incoming}")
    days = prefixes[covering[0]]["Days"]
    return Finding(Level.OK, f"uploads below {incoming} expire after {days} {'day' if days == 1 else 'days'}")


def _expires(rule: Mapping[str, Any]) -> bool:
    return bool(rule["Status"] == "Enabled" and rule.get("Expiration", {}).get("Days"))


def _prefix(rule: Mapping[str, Any]) -> str | None:
    """Return the prefix of a rule, or None if it has further conditions."""
    conditions: Mapping[str, Any] = rule.get("Filter", {"Prefix": rule.get("Prefix", "")})
    return str(conditions.get("Prefix", "")) if set(conditions) <= {"Prefix"} else None
