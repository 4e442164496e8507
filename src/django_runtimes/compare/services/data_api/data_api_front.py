"""Serves the Data API over HTTP."""

import asyncio
import logging
import uuid

from aiohttp import web

from django_runtimes.compare.services.data_api.call_counts import COUNTS_PATH, CallMeter
from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.data_api_service import DataApiService
from django_runtimes.compare.services.data_api.request_model import DataApiRequest, RequestModel
from django_runtimes.compare.services.data_api.request_signature import RequestSignature
from django_runtimes.compare.services.data_api.stand_in_settings import StandInSettings

_LOGGER = logging.getLogger(__name__)
_MAX_REQUEST_BYTES = 4 * 1_048_576


class DataApiFront:
    """Reads, checks and answers requests, each after the stated latency."""

    def __init__(self, settings: StandInSettings, service: DataApiService) -> None:
        self._latency_s = settings.latency_ms / 1000
        self._service = service
        self._meter = CallMeter()
        self._model = RequestModel()
        self._signature = RequestSignature(
            key_id=settings.access_key_id, secret=settings.secret_access_key, region=settings.region
        )

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Return the answer to a request, or an error in the service's form.

        GET /calls/DATABASE is not the service's: it returns the counts of a database.
        """
        if request.method == "GET" and request.path.startswith(COUNTS_PATH):
            return web.json_response(self._meter.of(request.path.removeprefix(COUNTS_PATH)))
        body = await _body(request)
        database = ""
        try:
            call = self._checked(request, body)
            database = self._service.database_of(call)
            response = web.json_response(await self._service.carry_out(call))
        except DataApiError as error:
            response = _refusal(error)
        except UnicodeEncodeError:
            response = _refusal(DataApiError("SerializationException", "The request has half of a surrogate pair"))
        except Exception:
            _LOGGER.exception("cannot answer %s", request.path)
            response = _refusal(DataApiError("InternalFailure"))
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        if database:
            self._meter.note(database, len(body or b"") + (response.content_length or 0))
        await asyncio.sleep(self._latency_s)
        return response

    def _checked(self, request: web.BaseRequest, body: bytes | None) -> DataApiRequest:
        if body is None:
            raise DataApiError("BadRequestException", "The request exceeds the size limit 4 MB")
        if request.method != "POST":
            raise DataApiError("UnknownOperationException", f"{request.method} is no method of the Data API")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._signature.check(request.method, request.raw_path, headers, body)
        return self._model.read(request.path, body)


def _refusal(error: DataApiError) -> web.Response:
    response = web.json_response({"message": error.message} if error.message else {}, status=error.status)
    response.headers["x-amzn-ErrorType"] = error.name
    return response


async def _body(request: web.BaseRequest) -> bytes | None:
    """Read the whole body, so that the connection stays usable; return None above the limit."""
    body = bytearray()
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size <= _MAX_REQUEST_BYTES:
            body += chunk
    return bytes(body) if size <= _MAX_REQUEST_BYTES else None
