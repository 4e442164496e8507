"""Asks the processes of a deployed service for signed reports, and verifies them."""

import secrets
import time
from collections.abc import Mapping

from django_runtimes.config.http.measurement_token import FACTS_HEADER, TOKEN_HEADER, read_facts, signed_token


class ReportSignature:
    """Signs requests and verifies the facts in their answers; without a key it does neither."""

    def __init__(self, key: str | None) -> None:
        self._key = key
        self._nonce, self._requests = secrets.token_hex(6), 0

    @property
    def has_key(self) -> bool:
        """Whether requests ask for reports."""
        return self._key is not None

    def sign(self) -> dict[str, str]:
        """Return the headers with which a request asks for a report."""
        if self._key is None:
            return {}
        self._requests += 1
        nonce = f"{self._nonce}-{self._requests}"
        return {TOKEN_HEADER: signed_token(self._key, now_s=time.time(), nonce=nonce)}

    def facts(self, sent: Mapping[str, str], answered: Mapping[str, str]) -> dict[str, str] | None:
        """Return the facts in an answer's headers; None if they are absent, forged or in an answer of a cache."""
        text = answered.get(FACTS_HEADER)
        if self._key is None or text is None:
            return None
        return read_facts(text, self._key, token=sent[TOKEN_HEADER])
