"""Reads requests to the Data API, and validates them with botocore's model of the service."""

import json
from typing import Any, NamedTuple

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.request_signature import SERVICE

_MAX_SQL_BYTES = 65_536
# The service has retired it.
_RETIRED = "ExecuteSql"


class DataApiRequest(NamedTuple):
    """A valid request: the operation and its members."""

    operation: str
    members: dict[str, Any]


class RequestModel:
    """The operations of the service, by the path of their requests."""

    def __init__(self) -> None:
        model = ServiceModel(Loader().load_service_model(SERVICE, "service-2"), SERVICE)
        operations = (model.operation_model(name) for name in model.operation_names if name != _RETIRED)
        self._operations = {operation.http["requestUri"]: operation for operation in operations}
        self._validator = ParamValidator()

    def read(self, path: str, body: bytes) -> DataApiRequest:
        """Return the request; raise DataApiError for an unknown path, another form, or a size above a limit."""
        operation = self._operations.get(path)
        if operation is None:
            raise DataApiError("UnknownOperationException", f"{path} is no operation of the Data API")
        try:
            members = json.loads(body)
        except ValueError:
            raise DataApiError("SerializationException", "The request is not JSON") from None
        errors = self._validator.validate(members, operation.input_shape)
        if errors.has_errors():
            raise DataApiError("ValidationException", " ".join(errors.generate_report().split()))
        if len(members.get("sql", "").encode()) > _MAX_SQL_BYTES:
            raise DataApiError(
                "ValidationException",
                "1 validation error detected: Value at 'sql' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MAX_SQL_BYTES}",
            )
        if "schema" in members:
            raise DataApiError("ValidationException", "The parameter schema is not supported for Aurora PostgreSQL")
        return DataApiRequest(operation.name, members)
