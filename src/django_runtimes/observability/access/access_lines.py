"""Formats the lines of the access log."""

import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Protocol

from django_runtimes.config.logging_settings import MILLISECONDS_FORMAT, TIME_FORMAT
from django_runtimes.observability.access.observed_request import ObservedRequest

_LOGGER = "django_runtimes.access"
_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000


class AccessLines(Protocol):
    """The format of a process's lines."""

    def of_request(self, request: ObservedRequest, now_s: float, *, is_cold: bool) -> str:
        """Return the line of an ended request; `is_cold` is whether it was the process's first."""
        ...

    def of_refusal(self, status: int, reason: str, now_s: float, *, lambda_request_id: str | None) -> str:
        """Return the line of a request that the server answers itself."""
        ...


class MoreMembers(Protocol):
    """Further members of lines of JSON, such as metrics."""

    def __call__(self, request: ObservedRequest | None, status: int | None, now_s: float, *, is_cold: bool) -> str:
        """Return the members of a line, each with a comma before it; the request is None for a refusal."""
        ...


def no_members(request: ObservedRequest | None, status: int | None, now_s: float, *, is_cold: bool) -> str:
    """Return no further members."""
    return ""


class JsonLines:
    """Lines of JSON, put together from text: encoding a dictionary takes several times as long."""

    def __init__(self, more: MoreMembers = no_members) -> None:
        self._more = more

    def of_request(self, request: ObservedRequest, now_s: float, *, is_cold: bool) -> str:
        """Return the line of an ended request."""
        text = f'{{"time": "{time_text(now_s)}", {_answer(request.method, request.route, request.status)}'
        text += f', "request_id": {quoted(request.request_id)}'
        if request.trace_id is not None:
            text += f', "trace_id": "{request.trace_id}"'
        if request.lambda_request_id is not None:
            text += f', "lambda_request_id": {quoted(request.lambda_request_id)}'
        elif request.first_byte_ns is not None:
            text += f', "first_byte_ms": {request.first_byte_ns / _NS_PER_MS:.2f}'
        text += (
            f', "duration_ms": {request.duration_ns / _NS_PER_MS:.2f}'
            f', "database_ms": {request.query_ns / _NS_PER_MS:.2f}, "queries": {request.queries}'
            f', "cold_start": {"true" if is_cold else "false"}'
        )
        if request.refused is not None:
            text += f', "refused": {quoted(request.refused)}'
        if request.is_throttled:
            text += ', "throttled": true'
        if request.aborted is not None:
            text += f', "aborted": {quoted(request.aborted)}'
        if request.error is not None:
            text += f', "error": {quoted(request.error)}'
        return f"{text}{self._more(request, request.status, now_s, is_cold=is_cold)}}}"

    def of_refusal(self, status: int, reason: str, now_s: float, *, lambda_request_id: str | None) -> str:
        """Return the line of a refusal."""
        text = f'{{"time": "{time_text(now_s)}", {_first_members(f"{status} {reason}")}, "status": {status}'
        if lambda_request_id is not None:
            text += f', "lambda_request_id": {quoted(lambda_request_id)}'
        return f'{text}, "refused": {quoted(reason)}{self._more(None, status, now_s, is_cold=False)}}}'


class TextLines:
    """Lines for people."""

    def of_request(self, request: ObservedRequest, now_s: float, *, is_cold: bool) -> str:
        """Return the line of an ended request."""
        message = _message(request.method, request.route, request.status)
        parts = [
            f"{message}, in {request.duration_ns / _NS_PER_MS:.2f} ms",
            f"{request.queries} queries in {request.query_ns / _NS_PER_MS:.2f} ms",
            *filter(
                None,
                (
                    "cold start" if is_cold else "",
                    "throttled" if request.is_throttled else "",
                    request.refused,
                    request.aborted,
                    request.error,
                ),
            ),
        ]
        return f"{_text_time(now_s)} INFO {_LOGGER}: {', '.join(parts)} [{request.request_id}]"

    def of_refusal(self, status: int, reason: str, now_s: float, *, lambda_request_id: str | None) -> str:
        """Return the line of a refusal."""
        return f"{_text_time(now_s)} INFO {_LOGGER}: {status} {reason}"


def time_text(now_s: float) -> str:
    """Return the time as the library's JSON formatter writes it."""
    return MILLISECONDS_FORMAT % (_second_text(int(now_s)), now_s % 1 * _MS_PER_S)


@lru_cache(maxsize=2)
def _second_text(second: int) -> str:
    return time.strftime(TIME_FORMAT, time.gmtime(second))


def _text_time(now_s: float) -> str:
    """Return the time as Python's formatters write it."""
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(now_s))},{int(now_s % 1 * _MS_PER_S):03}"


# The routes of an application are few.
@lru_cache(maxsize=1024)
def _answer(method: str, route: str | None, status: int | None) -> str:
    """Return the members that most requests of a route have in common."""
    return (
        f'{_first_members(_message(method, route, status))}, "method": {quoted(method)}'
        f', "route": {"null" if route is None else quoted(route)}, "status": {"null" if status is None else status}'
    )


def _first_members(message: str) -> str:
    return f'"level": "INFO", "logger": "{_LOGGER}", "message": {quoted(message)}'


def _message(method: str, route: str | None, status: int | None) -> str:
    # The path may contain ids and names, so only its pattern is written.
    return f"{method} {route or '(no route)'} {status or 'aborted'}"
