"""Signs requests with AWS Signature Version 4, in their headers or in their address.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Signing with botocore
would add forty times as much to a cold start.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_NOTHING_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class AccessKey:
    """AWS credentials; those of a role have a `session_token`."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SigningScope:
    """The service, the region and the moment, in UTC, that a signature is valid for."""

    service: str
    region: str
    at: datetime

    @property
    def timestamp(self) -> str:
        """The moment in AWS's format."""
        return self.at.strftime("%Y%m%dT%H%M%SZ")

    def __str__(self) -> str:
        return f"{self.timestamp[:8]}/{self.region}/{self.service}/aws4_request"


def presign(key: AccessKey, scope: SigningScope, *, host: str, parameters: Mapping[str, str], lifetime_s: int) -> str:
    """Return the address, without its scheme, of a GET request to `host` that is valid for `lifetime_s`.

    `host` has its port, unless the port is the scheme's.
    """
    presigned = {
        **parameters,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{key.key_id}/{scope}",
        "X-Amz-Date": scope.timestamp,
        "X-Amz-Expires": str(lifetime_s),
        "X-Amz-SignedHeaders": "host",
    }
    if key.session_token:
        presigned["X-Amz-Security-Token"] = key.session_token
    query = encode_query(presigned)
    request = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{_NOTHING_SHA256}"
    return f"{host}/?{query}&X-Amz-Signature={_signature(key, scope, request)}"


def sign_headers(
    key: AccessKey, scope: SigningScope, *, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> dict[str, str]:
    """Return the headers of a request with those that sign it; `headers` must have Host.

    `path` is percent-encoded as it is sent, and `query` comes from `encode_query()`. S3, which encodes paths in another
    way, is not supported.
    """
    signed = {**headers, "X-Amz-Date": scope.timestamp}
    if key.session_token:
        signed["X-Amz-Security-Token"] = key.session_token
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in signed.items())
    names = ";".join(name for name, _ in lines)
    request = "\n".join(
        (
            method,
            quote(_normalized(path), safe="/~"),
            query,
            *(f"{name}:{value}" for name, value in lines),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    signature = _signature(key, scope, request)
    authorization = f"{_ALGORITHM} Credential={key.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "Authorization": authorization}


def encode_query(parameters: Mapping[str, str]) -> str:
    """Return the query string in the only order and encoding that can be signed."""
    pairs = ((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _signature(key: AccessKey, scope: SigningScope, request: str) -> str:
    """Return the signature of a canonical request."""
    digest = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{scope.timestamp}\n{scope}\n{digest}"
    derived = f"AWS4{key.secret}".encode()
    for part in str(scope).split("/"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return hmac.digest(derived, to_sign.encode(), "sha256").hex()


def _normalized(path: str) -> str:
    """Return the path without empty and dot segments, as AWS's servers see it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept[-1:] = []
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{slash}"
