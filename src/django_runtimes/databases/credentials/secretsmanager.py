"""A login that AWS Secrets Manager holds and rotates."""

import json
import logging
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from django_runtimes.config.databases.credentials import StoredSecret
from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.provider import CredentialsError, Login
from django_runtimes.databases.credentials.renewal import Renewal

# A request waits meanwhile, and has to be answered within 6 s: 4 s of two attempts and a second between them.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})


class SecretsManagerProvider:
    """Reads the secret's current version on first use, and again when it is older than its TTL or was refused.

    A secret is JSON with `username` and `password`, as RDS writes it, or a password alone for `user`.
    """

    def __init__(self, secret: StoredSecret, *, user: str) -> None:
        self._secret = secret
        self._user = user
        self._renewal = Renewal(self._read, renew_after_s=secret.ttl_s)

    def login(self) -> Login:
        """The secret's login; CredentialsError when it was never read and cannot be."""
        return self._renewal.login()

    def forget(self, refused: Login) -> bool:
        """Read the secret again; whether it holds another login than the refused one."""
        return self._renewal.replace(refused)

    def _read(self) -> Login:
        try:
            value = self._client.get_secret_value(SecretId=self._secret.arn, VersionStage="AWSCURRENT")
            return self._parsed(value.get("SecretString"))
        except ClientError as error:
            failure = f"{error.response['Error']['Code']}; check the permission secretsmanager:GetSecretValue"
        except (BotoCoreError, CredentialsError, OSError) as error:
            failure = " ".join(str(error).split())
        raise CredentialsError(f"{self._secret.arn} cannot be read: {failure}")

    def _parsed(self, text: str | None) -> Login:
        if not text or text.isspace():
            raise CredentialsError("it is empty or binary; store JSON with username and password, or a password")
        if not _looks_like_json(text):
            # A file that somebody stored ends with a newline, a password does not.
            return Login(self._user, Secret(text.rstrip("\r\n")))
        try:
            content = json.loads(text)
        except ValueError:
            raise CredentialsError("it is malformed JSON; store an object with username and password") from None
        password = content.get("password") if isinstance(content, dict) else None
        if not isinstance(password, str) or not password:
            raise CredentialsError("it is JSON without the text 'password'; store username and password")
        return Login(str(content.get("username") or self._user), Secret(password))

    @cached_property
    def _client(self) -> Any:
        import boto3

        # At level debug it writes whole answers to the log.
        logging.getLogger("botocore").setLevel(logging.INFO)
        # A session of its own: the default one is not for several threads.
        return boto3.session.Session().client("secretsmanager", region_name=self._secret.region, config=_CONFIG)


def _looks_like_json(text: str) -> bool:
    """Whether it is meant to be an object: a password alone may well be a number, or stand in quotes."""
    return text.lstrip().startswith(("{", "[")) or text.strip() == "null"
