"""Checks the signatures of requests to the Data API with botocore's signer."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from django_runtimes.compare.services.data_api.data_api_error import DataApiError

SERVICE = "rds-data"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"?SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_LONGEST_AGE = timedelta(minutes=5)


class RequestSignature:
    """Signature Version 4 with the one access key that may call the service."""

    def __init__(self, *, key_id: str, secret: str, region: str) -> None:
        self._key_id = key_id
        self._region = region
        self._signer = SigV4Auth(Credentials(key_id, secret), SERVICE, region)

    def check(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Raise DataApiError unless the headers, whose names are in lower case, sign this request."""
        authorization = headers.get("authorization")
        if authorization is None:
            raise DataApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
        match = _AUTHORIZATION.fullmatch(authorization)
        names = [] if match is None else match["headers"].split(";")
        if match is None or "host" not in names or any(name not in headers for name in (*names, "x-amz-date")):
            raise DataApiError("IncompleteSignatureException", "The Authorization header is incomplete.")
        if match["key"] != self._key_id:
            raise _unrecognized()
        if (match["region"], match["service"]) != (self._region, SERVICE):
            raise _invalid(f"Credential should be scoped to a valid region and to the service {SERVICE!r}.")
        _check_age(headers["x-amz-date"])
        if headers.get("x-amz-content-sha256", _sha256(body)) != _sha256(body):
            raise _invalid("The value of x-amz-content-sha256 is not the hash of the body.")
        signed = {name: headers[name] for name in names}
        if not hmac.compare_digest(self._signature(method, path, signed, body, headers), match["signature"]):
            raise _invalid("The request signature we calculated does not match the signature you provided.")

    def _signature(
        self, method: str, path: str, signed: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> str:
        url = f"http://{headers['host']}{path}"
        request = AWSRequest(method=method, url=url, headers=dict(signed), data=body)
        request.context["timestamp"] = headers["x-amz-date"]
        text = self._signer.string_to_sign(request, self._signer.canonical_request(request))
        return str(self._signer.signature(text, request))


def _check_age(timestamp: str) -> None:
    try:
        at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise DataApiError("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.") from None
    if abs(datetime.now(UTC) - at) > _LONGEST_AGE:
        raise _invalid(f"Signature expired: {timestamp} is more than 5 minutes away from the service's time.")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _unrecognized() -> DataApiError:
    return DataApiError("UnrecognizedClientException", "The security token included in the request is invalid.")


def _invalid(message: str) -> DataApiError:
    return DataApiError("InvalidSignatureException", message)
