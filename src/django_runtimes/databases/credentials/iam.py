"""Logs in with tokens that this process signs with its own AWS credentials."""

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django_runtimes.aws.container_role import ContainerRole, container_role
from django_runtimes.aws.signature import LIFETIME_S, AccessKey, sign_login
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.renewal import Renewal
from django_runtimes.extras import missing_package

# Tokens are valid for 15 minutes; the remaining time is a margin for clock skew, slow connections and outages of AWS.
_REFRESH_AFTER_S = 600.0
# The server checks the token's age at login, after DNS, TCP and TLS, by its own clock.
_USABLE_FOR_S = LIFETIME_S - 15.0
_NOT_LOADED = "cannot load the AWS credentials that sign a database token"
_WITHOUT_ROLE = "signing a database token with AWS credentials from a file or a web identity"


class IamProvider:
    """Signs a token on first use, and a new one when the last is older than `refresh_after_s`."""

    def __init__(
        self, *, region: str, host: str, port: int, user: str, refresh_after_s: float = _REFRESH_AFTER_S
    ) -> None:
        self._region = region
        self._host = host
        self._port = port
        self._user = user
        self._renewal = Renewal(self._sign, renew_after_s=refresh_after_s, usable_for_s=_USABLE_FOR_S)

    def login(self) -> ConnectionLogin:
        """Return the user with a valid token; raise CredentialsError if there are no AWS credentials."""
        return self._renewal.login()

    def forget(self, refused: ConnectionLogin) -> bool:
        """Return False: a refused token was not too old, so a new one would be refused as well."""
        return False

    def _sign(self) -> ConnectionLogin:
        token = sign_login(
            self._access_key(),
            region=self._region,
            host=self._host,
            port=self._port,
            user=self._user,
            at=datetime.now(UTC),
        )
        return ConnectionLogin(self._user, Secret(token))

    def _access_key(self) -> AccessKey:
        # Lambda sets these variables, and its credentials last as long as the execution environment.
        if key_id := os.environ.get("AWS_ACCESS_KEY_ID"):
            secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
            if not secret:
                raise CredentialsError(
                    "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; "
                    "set both, or neither if the task or instance has a role"
                )
            return AccessKey(key_id, secret, os.environ.get("AWS_SESSION_TOKEN"))
        if self._container_role is not None:
            try:
                return self._container_role.access_key()
            except (CredentialsError, OSError) as error:
                failure = " ".join(str(error).split())
            raise CredentialsError(f"{_NOT_LOADED}: {failure}")
        return self._sought_key()

    def _sought_key(self) -> AccessKey:
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise CredentialsError(missing_package(_WITHOUT_ROLE, "boto3", "s3")) from None

        try:
            key = self._role_credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError, OSError) as error:
            # STS raises ClientError when it refuses the request, and the file of a web identity may be missing.
            failure = " ".join(str(error).split())
        else:
            return AccessKey(key.access_key, key.secret_key, key.token)
        raise CredentialsError(f"{_NOT_LOADED}: {failure}")

    @cached_property
    def _container_role(self) -> ContainerRole | None:
        return container_role()

    @cached_property
    def _role_credentials(self) -> Any:
        """The credentials that botocore finds, such as a web identity's; botocore renews them."""
        import botocore.session

        credentials = botocore.session.get_session().get_credentials()
        if credentials is None:
            raise CredentialsError(
                "there are no AWS credentials to sign a database token; give the task or instance a role"
            )
        return credentials
