"""The access point that an ARN names in place of a bucket."""

import re
from typing import NamedTuple

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_ARN = (
    r"arn:aws(?:-[a-z-]+)?:(?P<service>s3|s3-object-lambda|s3-outposts):(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?:outpost[:/](?P<outpost>[a-z0-9-]+)[:/])?accesspoint[:/](?P<name>[a-z0-9-]+)"
)
_LABELS = {"s3": "s3-accesspoint"}


class AccessPoint(NamedTuple):
    """An access point; `host` is the first part of the host of its URLs, before the domain of AWS."""

    region: str
    host: str


def access_point(bucket: object) -> AccessPoint | None:
    """Return the access point, or None for the name of a bucket.

    An access point of several regions is none: it needs another signature than the library sets.
    """
    # Only processes with an access point compile the expression.
    found = re.fullmatch(_ARN, bucket) if isinstance(bucket, str) and bucket.startswith("arn:") else None
    if found is None or (found["service"] == "s3-outposts") is (found["outpost"] is None):
        return None
    outpost = f".{found['outpost']}" if found["outpost"] else ""
    label = _LABELS.get(found["service"], found["service"])
    return AccessPoint(found["region"], f"{found['name']}-{found['account']}{outpost}.{label}.{found['region']}")
