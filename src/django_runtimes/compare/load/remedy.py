"""Suggests a remedy for an unexpected answer of the application."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django_runtimes.compare.load.target_answer import TargetAnswer
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.workload.workload import SAFE_METHODS, Exchange

_FRONTS = ("awselb", "cloudfront", "cloudflare")
_COMMON = "check the workload's path, body and expected_status against the application"


def remedy(exchange: Exchange, answer: TargetAnswer, user: VirtualUser | None, *, host: str) -> str:
    """Return one clause for the user, derived from the status and the location."""
    if answer.location:
        return _remedy_of_redirect(exchange, answer.location, user, host)
    if answer.status is None:
        return "check that the target is running, and that this machine can reach it"
    if front := _front(answer):
        return (
            f"the front ({front}) refused the request before the application saw it; pass the header that it needs as "
            "--header, and check its firewall and the authorization type of a function URL"
        )
    return _remedy_of_status(answer.status, exchange, host)


def _remedy_of_status(status: int, exchange: Exchange, host: str) -> str:
    if status == HTTPStatus.BAD_REQUEST:
        return f"check that ALLOWED_HOSTS has '{host}', which is the workload's host, and check its path and body"
    if status == HTTPStatus.FORBIDDEN and exchange.method not in SAFE_METHODS:
        return "if it needs a CSRF token, give the workload a [session] with a step that GETs a page with a form"
    if status == HTTPStatus.UNAUTHORIZED:
        return "give the workload a [session] that logs in, or give the request the headers that it needs"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "the report shows the first error of its log"
    return _COMMON


def _front(answer: TargetAnswer) -> str:
    """Return the name of the front that refused a request; empty if the application may have refused it."""
    if answer.status != HTTPStatus.FORBIDDEN:
        return ""
    server = answer.headers.get("Server", "")
    error_type = answer.headers.get("x-amzn-ErrorType", "")
    return error_type or (server if server.lower().startswith(_FRONTS) else "")


def _remedy_of_redirect(exchange: Exchange, location: str, user: VirtualUser | None, host: str) -> str:
    target = urlsplit(location)
    path = exchange.path.partition("?")[0]
    if target.netloc not in {"", host}:
        return f"if the application redirects to its own host, set host = '{target.netloc}' in the workload"
    if target.scheme == "https" and target.path == path:
        return (
            "the application does not recognize HTTPS (X-Forwarded-Proto: https); "
            "set SECURE_PROXY_SSL_HEADER in its settings"
        )
    if "login" in location or "signin" in location:
        if user is None:
            return "give the workload a [session] that logs in"
        return (
            f"{user} is not logged in there; check that this process can read the user's session, "
            "and check the user's permissions"
        )
    if target.path == f"{path}/":
        return "add a slash to the end of the path in the workload"
    return _COMMON
