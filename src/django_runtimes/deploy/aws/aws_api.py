"""Provides clients for one AWS region, and explains AWS's errors in one line with the remedy."""

import difflib
import threading
from functools import cached_property
from typing import Any

import boto3
import boto3.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import ConnectionError as UnreachableError
from botocore.parsers import ResponseParserError

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.deploy.configuration import FILE_NAME

# After one of these errors AWS may or may not have executed the call. An answer that cannot be parsed usually comes
# from a proxy.
CONNECTION_ERRORS = (UnreachableError, HTTPClientError, ResponseParserError)

_CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 6},
    # AWS's own logs show this text with each call.
    user_agent_extra="webapp-deploy",
)

# Questions that a deploy does not depend on end early.
_BRIEF = _CONFIG.merge(
    Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_KEYS = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}
_THROTTLED = {
    "RequestLimitExceeded",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_RENEW = "log in again (`aws sso login`), or renew the keys"
# botocore's names for sources other than a profile.
_SOURCES: dict[str | None, str] = {
    "env": "the keys in AWS_ACCESS_KEY_ID",
    "iam-role": "the credentials of this machine's role",
    "container-role": "the credentials of this container's role",
}
_CREDENTIAL_ERRORS = (SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError, CredentialRetrievalError)


class Aws:
    """Clients for one region, each created on first use."""

    def __init__(self, region: str) -> None:
        self.region = region
        try:
            self._session = boto3.session.Session(region_name=region)
        except ProfileNotFound as error:
            raise UsageError(f"{explain_error(error)}") from None
        _refuse_unknown_region(self._session, region)
        self._clients: dict[tuple[str, Config], Any] = {}
        # boto3 cannot create two clients of one session at the same time; clients may be shared between threads.
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service."""
        return self._client(service, _CONFIG)

    def brief_client(self, service: str) -> Any:
        """Return a client that gives up within a minute, for questions that a deploy does not depend on."""
        return self._client(service, _BRIEF)

    def patient_client(self, service: str, *, read_timeout_s: int) -> Any:
        """Return a client that waits for a slow answer and never retries, for calls that must not run twice."""
        config = _CONFIG.merge(
            Config(read_timeout=read_timeout_s, retries={"total_max_attempts": 1}, tcp_keepalive=True)
        )
        return self._make(service, config)

    @cached_property
    def account(self) -> str:
        """The account's number; verbs ask for it first, since the call needs credentials but no permission."""
        account: str = self.client("sts").get_caller_identity()["Account"]
        return account

    @property
    def credentials(self) -> str:
        """The credentials in messages, by their source."""
        found = self._session.get_credentials()
        return _SOURCES.get(
            found.method if found is not None else None,
            f"the credentials of the profile '{self._session.profile_name}'",
        )

    def _client(self, service: str, config: Config) -> Any:
        with self._lock:
            if (service, config) not in self._clients:
                self._clients[service, config] = self._make(service, config)
            return self._clients[service, config]

    def _make(self, service: str, config: Config) -> Any:
        try:
            return self._session.client(service, config=config)
        except (OSError, ValueError) as error:
            # botocore raises these errors for invalid variables and files, such as a bad endpoint or
            # credential_process.
            raise UsageError(f"{error}; correct the AWS_… variable, or ~/.aws/config") from None


def explain_error(error: ToolError | BotoCoreError | ClientError | ResponseParserError) -> str:
    """Return one line with the error and its remedy."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, BotoCoreError):
        return _explain_failure(error)
    if isinstance(error, ResponseParserError):
        return f"the answer is not from AWS: {error}; check for a proxy on the way, and AWS_ENDPOINT_URL"
    return str(error)


def is_denied(error: Exception) -> bool:
    """Return whether AWS does not permit the call."""
    return isinstance(error, ClientError) and error_code(error) in _DENIED


def error_code(error: ClientError) -> str:
    """Return AWS's error code."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def error_message(error: ClientError) -> str:
    """Return AWS's message on one line."""
    return " ".join(str(error.response.get("Error", {}).get("Message", "")).split())


def _explain_failure(error: BotoCoreError) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "no AWS credentials found; set AWS_PROFILE, or run `aws configure` or `aws sso login`"
        case ProfileNotFound():
            return f"{text}; set AWS_PROFILE to one of ~/.aws/config"
        case _ if isinstance(error, _CREDENTIAL_ERRORS):
            return f"cannot load AWS credentials: {text}; {_RENEW}"
        case HTTPClientError() | UnreachableError():
            return f"AWS cannot be reached: {text}; check the network, and the region in {FILE_NAME}"
        case _:
            return text


def _explain_answer(error: ClientError) -> str:
    code, message = error_code(error), error_message(error).rstrip(".")
    asked = error.operation_name
    if code in _EXPIRED:
        return f"AWS's credentials have expired ({asked}: {message}); {_RENEW}"
    if code in _UNKNOWN_KEYS:
        return f"AWS rejects these credentials ({asked}: {message}); check AWS_PROFILE and the keys"
    if code in _DENIED:
        return f"AWS does not permit {asked}: {message}; grant it to the deploying role, or choose another AWS_PROFILE"
    if code in _THROTTLED:
        return f"AWS throttles {asked}: {message or code}; wait a minute, and run it again"
    return f"AWS refuses {asked}: {message or code}"


def _refuse_unknown_region(session: boto3.session.Session, region: str) -> None:
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("cloudformation", partition_name=partition)
    ]
    if region not in known:
        nearest = difflib.get_close_matches(region, known, n=1)
        guess = f"did you mean {nearest[0]}?" if nearest else "write it as us-east-1"
        raise UsageError(
            f"region '{region}' in {FILE_NAME} is unknown to boto3 {boto3.__version__}; {guess} "
            "(a newer region needs a newer boto3)"
        )
