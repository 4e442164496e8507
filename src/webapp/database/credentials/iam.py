"""A login by a token that this process signs with its own AWS credentials."""

import os
import threading
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from webapp.config.secret import Secret
from webapp.database.credentials.provider import CredentialsError, Login
from webapp.database.credentials.signature import AccessKey, sign_login
from webapp.database.moment import Moment

# Of 15 minutes: what a clock that is wrong, or a slow connection, may use up.
_REFRESH_AFTER_S = 600.0


class IamProvider:
    """Signs a token on first use, and another when the last is older than `refresh_after_s`."""

    def __init__(
        self, *, region: str, host: str, port: int, user: str, refresh_after_s: float = _REFRESH_AFTER_S
    ) -> None:
        self._region = region
        self._host = host
        self._port = port
        self._user = user
        self._refresh_after_s = refresh_after_s
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._signed_at = Moment.now()

    def login(self) -> Login:
        """The user with a token that is good for five minutes at least; CredentialsError without AWS credentials."""
        with self._lock:
            if self._token is None or self._signed_at.age_s >= self._refresh_after_s:
                self._signed_at = Moment.now()
                self._token = self._sign()
            return Login(self._user, self._token)

    def forget(self, refused: Login) -> bool:
        """No: a token that was refused was not too old, and another would be refused as well."""
        return False

    def _sign(self) -> Secret:
        return Secret(
            sign_login(
                self._access_key(),
                region=self._region,
                host=self._host,
                port=self._port,
                user=self._user,
                at=datetime.now(UTC),
            )
        )

    def _access_key(self) -> AccessKey:
        # Lambda's, and there for as long as the execution environment is: without botocore's 40 ms of import.
        if key_id := os.environ.get("AWS_ACCESS_KEY_ID"):
            return AccessKey(key_id, os.environ.get("AWS_SECRET_ACCESS_KEY", ""), os.environ.get("AWS_SESSION_TOKEN"))
        from botocore.exceptions import BotoCoreError

        try:
            key = self._role_credentials.get_frozen_credentials()
        except BotoCoreError as error:
            failure = " ".join(str(error).split())
        else:
            return AccessKey(key.access_key, key.secret_key, key.token)
        raise CredentialsError(f"the AWS credentials to sign a token with cannot be had: {failure}")

    @cached_property
    def _role_credentials(self) -> Any:
        """Those of a task or an instance, which renew themselves."""
        import botocore.session

        credentials = botocore.session.get_session().get_credentials()
        if credentials is None:
            raise CredentialsError(
                "no AWS credentials are found to sign a database token with; give the task or instance a role"
            )
        return credentials
