"""Implements the server side of AWS's protocols from botocore's models, and validates requests and answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from botocore.validate import ParamValidator
from moto.core.model import OperationModel, ServiceModel, Shape
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_router_class
from moto.core.serialize import ResponseSerializer, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from tests.deploy.standin.errors import AwsError, InvalidAnswerError, NotSupportedError

# Botocore's service names by signing name, where the two differ.
_BY_SIGNING_NAME = {
    "access-analyzer": "accessanalyzer",
    "apigateway": "apigatewayv2",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "cloudcontrolapi": "cloudcontrol",
    "email": "ses",
    "servicequotas": "service-quotas",
    "ses": "sesv2",
}
# Values that AWS returns although the models do not list them: a stack's own events have stack statuses.
_UNLISTED_VALUES = {
    "ResourceStatus": {
        "REVIEW_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    }
}
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Scope:
    """A request's credential scope: its access key, region and service (botocore's name)."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True)
class Call:
    """A parsed request."""

    scope: Scope
    operation: str
    parameters: dict[str, Any]
    model: OperationModel
    protocol: str

    @property
    def action(self) -> str:
        """The call as IAM names it: service:Operation."""
        return f"{self.scope.service}:{self.operation}"


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_scope(headers: Mapping[str, str]) -> Scope:
    """Return the credential scope; raise MissingAuthenticationToken if there is none."""
    found = _CREDENTIAL.search(headers.get("Authorization", ""))
    if found is None:
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403)
    access_key, region, signing_name = found.groups()
    return Scope(access_key, region, _BY_SIGNING_NAME.get(signing_name, signing_name))


def read_call(scope: Scope, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Parse a request and validate its parameters against the operation's model."""
    model = read_model(scope.service)
    request = Request.from_primitives(method, url, headers, body)
    protocol = determine_request_protocol(model, request.content_type or None)
    try:
        operation, uri_parameters = _router(scope.service, protocol).match(request)
    except HTTPException:
        asked = headers.get("X-Amz-Target") or request.values.get("Action") or f"{method} {request.path}"
        raise NotSupportedError(f"operation {scope.service} {asked}") from None
    parser = PROTOCOL_PARSERS[protocol](operation)
    parsed = parser.parse(
        {
            "body": body,
            "headers": request.headers,
            "method": method,
            "url_params": uri_parameters,
            "url_path": request.path,
            "values": request.values,
        }
    )
    parameters = {name: value for name, value in parsed.items() if value is not None}
    if operation.input_shape is not None:
        _check_parameters(parameters, operation.input_shape, scope.service)
    return Call(scope, str(operation.name), parameters, operation, protocol)


def write_result(call: Call, result: Mapping[str, Any]) -> Answer:
    """Serialize a result; raise InvalidAnswerError if it violates the model."""
    shape = call.model.output_shape
    if shape is not None:
        report = ParamValidator().validate(result, shape)
        complaint = report.generate_report() if report.has_errors() else next(_constraints(result, shape, ""), None)
        if complaint is not None:
            raise InvalidAnswerError(f"{call.action}: {complaint}")
    elif result:
        raise InvalidAnswerError(f"{call.action} has no output, but the result has {sorted(result)}")
    return _answer(_serializer(call).serialize(dict(result)))


def write_error(call: Call, error: AwsError) -> Answer:
    """Serialize an error in the call's protocol."""
    answer = _answer(_serializer(call).serialize(error))
    return Answer(error.status, answer.headers, answer.body)


def write_plain_error(error: AwsError, *, as_xml: bool) -> Answer:
    """Serialize an error for a request whose operation is unknown."""
    if as_xml:
        code, message = escape(error.code), escape(error.message)
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return Answer(error.status, {"Content-Type": "text/xml"}, body.encode())
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return Answer(error.status, headers, json.dumps({"__type": error.code, "message": error.message}).encode())


def speaks_xml(service: str) -> bool:
    """Return whether the service answers in XML; an unknown service does not."""
    try:
        return read_model(service).protocol in {"query", "ec2", "rest-xml"}
    except NotSupportedError:
        return False


@cache
def read_model(name: str) -> ServiceModel:
    """Return botocore's model of a service; raise NotSupportedError if it has none."""
    try:
        return get_service_model(name)
    except Exception:
        raise NotSupportedError(f"service {name}") from None


@cache
def _router(service: str, protocol: str) -> Any:
    router = get_router_class(service, protocol)
    assert router is not None, f"{service} speaks {protocol}"
    return router(read_model(service))


def _serializer(call: Call) -> ResponseSerializer:
    return get_serializer_class(call.scope.service, call.protocol)(call.model)


def _answer(serialized: Mapping[str, Any]) -> Answer:
    body = serialized["body"]
    return Answer(
        serialized["status_code"],
        {name: str(value) for name, value in serialized["headers"].items()},
        body if isinstance(body, bytes) else body.encode(),
    )


def _check_parameters(parameters: Mapping[str, Any], shape: Shape, service: str) -> None:
    """Raise AWS's validation error; it covers patterns, enums and lengths, which botocore does not validate."""
    report = ParamValidator().validate(parameters, shape)
    complaint = report.generate_report() if report.has_errors() else next(_constraints(parameters, shape, ""), None)
    if complaint is not None:
        code = "ValidationError" if read_model(service).protocol == "query" else "ValidationException"
        raise AwsError(code, f"1 validation error detected: {complaint}")


def _constraints(value: Any, shape: Shape, path: str) -> Any:
    """Yield each violation of the model's constraints, in AWS's wording."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        for name, part in value.items():
            if name in shape.members and part is not None:
                yield from _constraints(part, shape.members[name], f"{path}.{name}" if path else name)
    elif kind == "list":
        yield from _length(len(value), shape, path, value)
        for number, part in enumerate(value):
            yield from _constraints(part, shape.member, f"{path}.{number + 1}.member")
    elif kind == "string" and isinstance(value, str):
        yield from _length(len(value), shape, path, value)
        choices = shape.metadata.get("enum")
        if choices and value not in {*choices, *_UNLISTED_VALUES.get(shape.name, ())}:
            yield _breach(value, path, f"satisfy enum value set: [{', '.join(choices)}]")
        pattern = shape.metadata.get("pattern")
        if pattern and not _matches(pattern, value):
            yield _breach(value, path, f"satisfy regular expression pattern: {pattern}")
    elif kind in {"integer", "long"} and isinstance(value, int):
        most = shape.metadata.get("max")
        if most is not None and value > most:
            yield _breach(value, path, f"have value less than or equal to {most}")


def _length(length: int, shape: Shape, path: str, value: Any) -> Any:
    most, least = shape.metadata.get("max"), shape.metadata.get("min")
    if most is not None and length > most:
        yield _breach(value, path, f"have length less than or equal to {most}")
    if least is not None and length < least:
        yield _breach(value, path, f"have length greater than or equal to {least}")


def _breach(value: Any, path: str, rule: str) -> str:
    return f"Value '{str(value)[:200]}' at '{path}' failed to satisfy constraint: Member must {rule}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(f"^(?:{pattern})$", value, re.DOTALL) is not None
    except re.error:
        # Some patterns use Java's character classes, which Python's `re` does not support.
        return True
