"""A login that AWS Secrets Manager holds and rotates."""

import json
import logging
import threading
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from webapp.config.credentials import StoredSecret
from webapp.config.secret import Secret
from webapp.database.credentials.provider import CredentialsError, Login
from webapp.database.moment import Moment

logger = logging.getLogger(__name__)

# A refused login is asked for again at most this often: a role that is shut out must not become a storm of calls.
_MIN_AGE_S = 1.0
# After a failed attempt the login at hand serves on for this long.
_RETRY_AFTER_S = 30.0
# A request waits meanwhile.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})


class SecretsManagerProvider:
    """Reads the secret's current version on first use, and again when it is older than its TTL or was refused.

    A secret is JSON with `username` and `password`, as RDS writes it, or a password alone for `user`.
    """

    def __init__(self, secret: StoredSecret, *, user: str) -> None:
        self._secret = secret
        self._user = user
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._read_at = Moment.now()
        self._good_for_s = 0.0

    def login(self) -> Login:
        """The secret's login; CredentialsError when it was never read and cannot be."""
        login = self._login
        if login is not None and self._read_at.age_s < self._good_for_s:
            return login
        # One thread reads; who has an old login need not wait for it.
        if not self._lock.acquire(blocking=login is None):
            return login
        try:
            if self._login is None or self._read_at.age_s >= self._good_for_s:
                self._read()
            return self._login
        finally:
            self._lock.release()

    def forget(self, refused: Login) -> bool:
        """Read the secret again; whether it holds another login than the refused one."""
        with self._lock:
            if self._login == refused and self._read_at.age_s >= _MIN_AGE_S:
                self._read()
            return self._login != refused

    def _read(self) -> None:
        failure = self._try_to_read()
        self._read_at = Moment.now()
        self._good_for_s = self._secret.ttl_s
        if failure is None:
            return
        # Raised here, where no variable holds what the secret holds: error pages and trackers show them.
        if self._login is None:
            raise CredentialsError(f"{self._secret.arn} cannot be read: {failure}")
        logger.warning("%s cannot be read, the former login serves on: %s", self._secret.arn, failure)
        self._good_for_s = min(self._secret.ttl_s, _RETRY_AFTER_S)

    def _try_to_read(self) -> str | None:
        """Why it cannot be read; None when it was."""
        try:
            value = self._client.get_secret_value(SecretId=self._secret.arn, VersionStage="AWSCURRENT")
            self._login = self._parsed(value.get("SecretString"))
        except ClientError as error:
            return f"{error.response['Error']['Code']}; check the permission secretsmanager:GetSecretValue"
        except (BotoCoreError, CredentialsError) as error:
            return " ".join(str(error).split())
        return None

    def _parsed(self, text: str | None) -> Login:
        if not text:
            raise CredentialsError("it is empty or binary; store JSON with username and password, or a password")
        try:
            content = json.loads(text)
        except ValueError:
            content = text
        if not isinstance(content, dict):
            return Login(self._user, Secret(text))
        if not isinstance(content.get("password"), str):
            raise CredentialsError("it is JSON without the text 'password'; store username and password")
        return Login(str(content.get("username") or self._user), Secret(content["password"]))

    @cached_property
    def _client(self) -> Any:
        import boto3

        # At level debug it writes whole answers to the log.
        logging.getLogger("botocore").setLevel(logging.INFO)
        # A session of its own: the default one is not for several threads.
        return boto3.session.Session().client("secretsmanager", region_name=self._secret.region, config=_CONFIG)
