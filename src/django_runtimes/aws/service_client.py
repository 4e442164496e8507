"""Calls AWS's JSON services with signed requests."""

import json
import os
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from time import sleep
from typing import Any

from django_runtimes.aws.aws_credentials import PROCESS_CREDENTIALS, AwsCredentials
from django_runtimes.aws.aws_service import AwsService, endpoint_of
from django_runtimes.aws.https_pool import HttpAnswer, HttpsPool, NoAnswerError, Patience
from django_runtimes.aws.signature import SigningScope, encode_query, sign_headers
from django_runtimes.aws.temporary_key import AwsCredentialsError
from django_runtimes.config.environment import Environment

_ATTEMPTS = 3
# A server that does not answer is asked once more.
_UNANSWERED_ATTEMPTS = 2
# The longest waits before the second and the third attempt. The actual ones are random, so that processes that were
# throttled together do not return together.
_LONGEST_WAITS_S = (0.1, 0.4)
# AWS has not carried out a request that it answers with one of these codes.
_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_UNAVAILABLE = 503
_SERVER_ERROR = 500
_NO_PARAMETERS: Mapping[str, str] = {}


class AwsAnswerError(Exception):
    """A service refuses a request: `code` is AWS's name of the error."""

    def __init__(self, code: str, message: str, fields: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.fields = fields


class AwsUnavailableError(OSError):
    """A service, or the source of the credentials, did not answer, or kept throttling, until the last attempt.

    `is_unreachable` says whether there was no answer at all, and `may_be_done` whether the service may have carried out
    the request. `code` is AWS's name of the error in an answer with a status of 500 or more.
    """

    def __init__(
        self, text: str, *, is_unreachable: bool = False, may_be_done: bool = False, code: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.is_unreachable = is_unreachable
        self.may_be_done = may_be_done


class ServiceClient:
    """Calls one service in one region; for all threads.

    An attempt takes at most 3 s, or as long as `patience` says. It is repeated if AWS throttled it or never received
    it, and for a `repeatable` call also if its outcome is unknown.
    """

    def __init__(
        self,
        service: AwsService,
        region: str,
        *,
        credentials: AwsCredentials = PROCESS_CREDENTIALS,
        patience: Patience | None = None,
    ) -> None:
        self._service = service
        self._region = region
        self._credentials = credentials
        self._endpoint = endpoint_of(service, region, Environment(os.environ))
        self._pool = HttpsPool(self._endpoint, patience)
        self._attempts = patience.attempts if patience else _ATTEMPTS

    @property
    def server(self) -> str:
        """The host of the endpoint, with its port if the endpoint has one."""
        return self._endpoint.netloc

    def close(self) -> None:
        """Close the resting connections."""
        self._pool.close()

    def call(self, target: str, parameters: Mapping[str, Any], *, version: str, repeatable: bool) -> dict[str, Any]:
        """Call an operation of a service with the protocol JSON `version`, such as 1.0, by its X-Amz-Target.

        Raise AwsAnswerError or AwsUnavailableError.
        """
        headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target}
        body = json.dumps(parameters, separators=(",", ":")).encode()
        return self.request("POST", "/", headers=headers, body=body, repeatable=repeatable)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = _NO_PARAMETERS,
        headers: Mapping[str, str],
        body: bytes = b"",
        repeatable: bool,
    ) -> dict[str, Any]:
        """Send a request, whose `path` is percent-encoded, and return the JSON object of the answer.

        Raise AwsAnswerError or AwsUnavailableError.
        """
        encoded = encode_query(query)
        attempt = 1
        while True:
            try:
                answer = self._send(method, path, encoded, headers, body)
            except NoAnswerError as error:
                if attempt >= min(_UNANSWERED_ATTEMPTS, self._attempts) or (error.was_sent and not repeatable):
                    raise AwsUnavailableError(str(error), is_unreachable=True, may_be_done=error.was_sent) from None
            else:
                if answer.status < 300:
                    return _fields(answer, self.server)
                refusal = _refusal(answer)
                if not self._may_repeat(answer.status, refusal.code, repeatable=repeatable):
                    raise self._failure(answer.status, refusal)
                if attempt >= self._attempts:
                    raise AwsUnavailableError(f"{self.server} refused {attempt} attempts: {refusal}")
            sleep(random.uniform(0, _LONGEST_WAITS_S[attempt - 1]))  # noqa: S311  (no secret)
            attempt += 1

    def _send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        try:
            key = self._credentials.access_key()
        except AwsCredentialsError as error:
            raise AwsUnavailableError(f"cannot load the AWS credentials: {error}", is_unreachable=True) from None
        path = (self._endpoint.path.rstrip("/") + path) or "/"
        signed = sign_headers(
            key,
            SigningScope(self._service.name, self._region, datetime.now(UTC)),
            method=method,
            path=path,
            query=query,
            headers={"Host": self._endpoint.netloc, **headers},
            body=body,
        )
        return self._pool.send(method, f"{path}?{query}" if query else path, signed, body)

    def _may_repeat(self, status: int, code: str, *, repeatable: bool) -> bool:
        if code in _EXPIRED:
            self._credentials.forget()
            return True
        if code in _THROTTLED or (status == _UNAVAILABLE and self._service.refuses_with_503):
            return True
        return repeatable and status >= _SERVER_ERROR

    def _failure(self, status: int, refusal: AwsAnswerError) -> Exception:
        """Return the error of an answer that is not repeated."""
        if status >= _SERVER_ERROR:
            text = f"{self.server} answers {status}: {refusal}"
            return AwsUnavailableError(text, may_be_done=True, code=refusal.code)
        return refusal


def _fields(answer: HttpAnswer, server: str) -> dict[str, Any]:
    try:
        return dict(json.loads(answer.body or b"{}"))
    except (TypeError, ValueError):
        # A proxy or a captive portal answered.
        raise AwsUnavailableError(f"{server} answers no JSON object", may_be_done=True) from None


def _refusal(answer: HttpAnswer) -> AwsAnswerError:
    try:
        fields = json.loads(answer.body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        # A proxy or a load balancer answered.
        fields = {}
    # A service writes `namespace#Code` or `Code:address`.
    code = str(answer.headers.get("x-amzn-errortype") or fields.get("__type") or f"HTTP {answer.status}")
    message = fields.get("message") or fields.get("Message") or ""
    return AwsAnswerError(code.rpartition("#")[2].partition(":")[0], " ".join(str(message).split()), fields)
