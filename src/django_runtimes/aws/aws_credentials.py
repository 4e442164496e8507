"""Finds the AWS credentials of the process, without botocore where the library knows their source."""

import os
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from django_runtimes.aws.signature import AccessKey
from django_runtimes.aws.temporary_key import AwsCredentialsError, RenewedKey
from django_runtimes.config.aws_profile import named_profile, read_aws_profile
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.extras import missing_package
from django_runtimes.snapshot_hooks import HOOKS

# Only botocore follows profiles that name another source of credentials.
_ONLY_BOTOCORE = ("role_arn", "sso_start_url", "sso_session", "credential_process", "login_session")
_PURPOSE = "AWS credentials of an instance, of single sign-on or of another profile"


class CredentialsSource(Protocol):
    """A place that credentials come from."""

    def access_key(self, valid_for_s: float) -> AccessKey:
        """Return a key that is valid for this time, as far as the source allows; raise AwsCredentialsError."""
        ...


class AwsCredentials:
    """The credentials of this process, for all threads; the source is chosen on first use, in botocore's order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._source: CredentialsSource | None = None

    def access_key(self, *, valid_for_s: float = 15.0) -> AccessKey:
        """Return a key that is valid for this time; raise AwsCredentialsError if there is none."""
        return _key_of_variables() or self._chosen().access_key(valid_for_s)

    def forget(self) -> None:
        """Choose the source and load the key again on next use, since AWS says that it has expired."""
        with self._lock:
            self._source = None

    def _chosen(self) -> CredentialsSource:
        with self._lock:
            if self._source is None:
                self._source = _choose(Environment(os.environ))
            return self._source


# The sources keep their credentials here, so that a process loads them once.
PROCESS_CREDENTIALS = AwsCredentials()
HOOKS.release_before_snapshot(PROCESS_CREDENTIALS.forget)


def _key_of_variables() -> AccessKey | None:
    # Lambda sets these variables, and its credentials last as long as the execution environment.
    key_id = os.environ.get("AWS_ACCESS_KEY_ID")
    if not key_id:
        return None
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not secret:
        raise AwsCredentialsError(
            "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; "
            "set both, or neither if the task or instance has a role"
        )
    return AccessKey(key_id, secret, os.environ.get("AWS_SESSION_TOKEN"))


def _choose(environment: Environment) -> CredentialsSource:
    try:
        profile = read_aws_profile(environment)
    except ConfigurationError as error:
        raise AwsCredentialsError(str(error)) from None
    if any(profile.get(key) for key in _ONLY_BOTOCORE):
        return _BotocoreCredentials()
    # Each source is imported only in a process that uses it.
    if os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        from django_runtimes.aws.web_identity import web_identity

        identity = web_identity(environment)
        return _BotocoreCredentials() if identity is None else RenewedKey(identity.load)
    if profile.get("aws_access_key_id") and profile.get("aws_secret_access_key"):
        return _FileCredentials(profile)
    if not named_profile(environment):
        from django_runtimes.aws.container_role import container_role

        if (role := container_role()) is not None:
            return RenewedKey(role.load)
    return _BotocoreCredentials()


class _FileCredentials:
    """The key of a profile in AWS's files."""

    def __init__(self, profile: Mapping[str, str]) -> None:
        self._key = AccessKey(
            profile["aws_access_key_id"], profile["aws_secret_access_key"], profile.get("aws_session_token")
        )

    def access_key(self, valid_for_s: float) -> AccessKey:
        """Return the key, whose lifetime the file does not tell."""
        return self._key


class _BotocoreCredentials:
    """The credentials that only botocore finds, such as an instance's; botocore renews them."""

    def __init__(self) -> None:
        self._credentials: Any = None

    def access_key(self, valid_for_s: float) -> AccessKey:
        """Return the current key; raise AwsCredentialsError if botocore is missing or finds none."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise AwsCredentialsError(missing_package(_PURPOSE, "boto3", "s3")) from None
        try:
            if self._credentials is None:
                self._credentials = self._find()
            key = self._credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError, OSError) as error:
            # STS raises ClientError when it refuses the request, and the file of a web identity may be missing.
            failure = " ".join(str(error).split())
        else:
            return AccessKey(key.access_key, key.secret_key, key.token)
        raise AwsCredentialsError(failure)

    def _find(self) -> Any:
        import botocore.session

        credentials = botocore.session.get_session().get_credentials()
        if credentials is None:
            raise AwsCredentialsError("there are none; give the task or instance a role")
        return credentials
