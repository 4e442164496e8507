"""Signs the tokens that ask a service for measurements, and the facts with which it answers."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

TOKEN_HEADER = "X-Webapp-Measure"  # noqa: S105 - a header's name
FACTS_HEADER = "X-Webapp-Measured"
# A recorded token is useless after this time.
TOKEN_LIFETIME_S = 120
# The client's clock may be ahead of the service's by this much. If it is behind, the token expires earlier.
_CLOCK_SKEW_S = 60
_LONGEST_TOKEN = 200
_TOKEN_PURPOSE, _FACTS_PURPOSE = "webapp measure", "webapp measured"


def signed_token(key: str, *, now_s: float, nonce: str) -> str:
    """Return a token that a service with the same key accepts for two minutes; `nonce` has no full stops."""
    content = f"{int(now_s) + TOKEN_LIFETIME_S}.{nonce}"
    return f"{content}.{_signature(key, _TOKEN_PURPOSE, content)}"


def is_valid_token(token: str, key: str, *, now_s: float) -> bool:
    """Return whether the token has a valid signature and has not expired."""
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        return False
    content, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _signature(key, _TOKEN_PURPOSE, content)):
        return False
    # The signature is valid, so a client with the key wrote the number.
    expires_s = int(content.partition(".")[0])
    return now_s < expires_s <= now_s + TOKEN_LIFETIME_S + _CLOCK_SKEW_S


def signed_facts(facts: Mapping[str, str], key: str, *, token: str) -> str:
    """Return the facts as a query string with a signature that holds only for this token."""
    content = urlencode(facts)
    return f"{content}.{_signature(key, _FACTS_PURPOSE, f'{token} {content}')}"


def read_facts(text: str, key: str, *, token: str) -> dict[str, str] | None:
    """Return the facts of an answer to this token; None if they are forged, or answered another request."""
    content, _, signature = text.rpartition(".")
    if not text.isascii() or not hmac.compare_digest(signature, _signature(key, _FACTS_PURPOSE, f"{token} {content}")):
        return None
    return dict(parse_qsl(content, keep_blank_values=True))


def _signature(key: str, purpose: str, content: str) -> str:
    return hmac.new(key.encode(), f"{purpose}\n{content}".encode(), sha256).hexdigest()
