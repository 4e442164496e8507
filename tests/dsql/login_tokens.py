"""Checks the tokens with which clients of Aurora DSQL log in."""

import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ADMINISTRATOR = "admin"
_LIFETIME = timedelta(seconds=900)


class LoginTokens:
    """The tokens of one access key for one cluster; botocore's signer makes the expected one."""

    def __init__(self, *, host: str, region: str, key_id: str, secret: str) -> None:
        self._host = host
        self._region = region
        self._key_id = key_id
        self._credentials = Credentials(key_id, secret)

    def why_refused(self, token: str, user: str) -> str | None:
        """Return why a token lets nobody log in as `user`, or None for a valid one."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(f"https://{token}").query).items()}
        action = "DbConnectAdmin" if user == ADMINISTRATOR else "DbConnect"
        if query.get("Action") != action:
            return f"the token is for {query.get('Action')}, but {user} needs {action}"
        try:
            signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except (KeyError, ValueError):
            return "the token has no date"
        if not timedelta(minutes=-1) < datetime.now(UTC) - signed_at < _LIFETIME:
            return "the token has expired"
        expected = self._signed(action, query["X-Amz-Date"])
        is_same = hmac.compare_digest(expected, query.get("X-Amz-Signature", ""))
        return None if is_same else "the signature is wrong"

    def _signed(self, action: str, timestamp: str) -> str:
        signer = SigV4QueryAuth(self._credentials, "dsql", self._region, expires=int(_LIFETIME.total_seconds()))
        request = AWSRequest(method="GET", url=f"https://{self._host}/?Action={action}")
        request.context["timestamp"] = timestamp
        signer._modify_request_before_signing(request)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return str(signer.signature(text, request))
