"""Logs in with tokens that this process signs with its own AWS credentials."""

from datetime import UTC, datetime

from django_runtimes.aws.aws_credentials import PROCESS_CREDENTIALS, AwsCredentials
from django_runtimes.aws.database_token import LIFETIME_S, database_token
from django_runtimes.aws.temporary_key import AwsCredentialsError
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.renewal import Renewal

# Tokens are valid for 15 minutes; the remaining time is a margin for clock skew, slow connections and outages of AWS.
_REFRESH_AFTER_S = 600.0
# The server checks the token's age at login, after DNS, TCP and TLS, by its own clock.
_USABLE_FOR_S = LIFETIME_S - 15.0


class IamProvider:
    """Signs a token on first use, and a new one when the last is older than `refresh_after_s`."""

    def __init__(
        self,
        *,
        region: str,
        host: str,
        port: int,
        user: str,
        refresh_after_s: float = _REFRESH_AFTER_S,
        credentials: AwsCredentials = PROCESS_CREDENTIALS,
    ) -> None:
        self._region = region
        self._host = host
        self._port = port
        self._user = user
        self._credentials = credentials
        self._renewal = Renewal(self._sign, renew_after_s=refresh_after_s, usable_for_s=_USABLE_FOR_S)

    def login(self) -> ConnectionLogin:
        """Return the user with a valid token; raise CredentialsError if there are no AWS credentials."""
        return self._renewal.login()

    def forget(self, refused: ConnectionLogin) -> bool:
        """Return False: a refused token was not too old, so a new one would be refused as well."""
        return False

    def _sign(self) -> ConnectionLogin:
        try:
            key = self._credentials.access_key(valid_for_s=LIFETIME_S)
        except AwsCredentialsError as error:
            raise CredentialsError(f"cannot load the AWS credentials that sign a database token: {error}") from None
        token = database_token(
            key,
            region=self._region,
            host=self._host,
            port=self._port,
            user=self._user,
            at=datetime.now(UTC),
        )
        return ConnectionLogin(self._user, Secret(token))
