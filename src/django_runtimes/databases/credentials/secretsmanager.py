"""Logs in with a secret that AWS Secrets Manager stores and rotates."""

import json

from django_runtimes.aws.secrets_manager import SecretsManager
from django_runtimes.config.databases.credentials import StoredSecret
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin, CredentialsError
from django_runtimes.databases.credentials.renewal import Renewal


class SecretsManagerProvider:
    """Reads the secret's current version on first use, and again after its TTL or a refused login.

    The secret is JSON with `username` and `password`, as RDS writes it, or only the password of `user`.
    """

    def __init__(self, secret: StoredSecret, *, user: str) -> None:
        self._arn = secret.arn
        self._secrets = SecretsManager(secret.region)
        self._user = user
        self._renewal = Renewal(self._read, renew_after_s=secret.ttl_s)

    def login(self) -> ConnectionLogin:
        """Return the secret's login; raise CredentialsError when it has never been read and cannot be read now."""
        return self._renewal.login()

    def forget(self, refused: ConnectionLogin) -> bool:
        """Read the secret again; return whether its login differs from the refused one."""
        return self._renewal.replace(refused)

    def _read(self) -> ConnectionLogin:
        try:
            return self._parsed(self._secrets.read(self._arn))
        except (CredentialsError, OSError) as error:
            failure = str(error)
        raise CredentialsError(f"{self._arn} cannot be read: {failure}")

    def _parsed(self, text: str | None) -> ConnectionLogin:
        if not text or text.isspace():
            raise CredentialsError("it is empty or binary; store JSON with username and password, or a password")
        if not _looks_like_json(text):
            # A secret stored from a file may end with a newline; a password does not.
            return ConnectionLogin(self._user, Secret(text.rstrip("\r\n")))
        try:
            content = json.loads(text)
        except ValueError:
            raise CredentialsError("it is malformed JSON; store an object with username and password") from None
        password = content.get("password") if isinstance(content, dict) else None
        if not isinstance(password, str) or not password:
            raise CredentialsError("it is JSON without the string 'password'; store username and password")
        return ConnectionLogin(str(content.get("username") or self._user), Secret(password))


def _looks_like_json(text: str) -> bool:
    """Return whether the text is meant as a JSON object; a bare password may look like a JSON number or string."""
    return text.lstrip().startswith(("{", "[")) or text.strip() == "null"
