"""A simulated user of one target, with its cookies and CSRF token."""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import CookieJar, hdrs
from multidict import CIMultiDict
from yarl import URL

from django_runtimes.compare.load.page import TOKEN_FIELD
from django_runtimes.compare.workload.workload import NUMBER, SAFE_METHODS, USER, Exchange, Session

_JSON = "application/json"
_Exchange = TypeVar("_Exchange", bound=Exchange)

_FORM = "application/x-www-form-urlencoded"


class VirtualUser:
    """A user's browser, with cookies of its own; create it while an event loop runs.

    Each user of each target has a cookie jar, since all targets share an address.
    """

    def __init__(self, session: Session, number: int, *, host: str) -> None:
        """Create the user with this number; numbers start at 1."""
        self.name = session.users[number - 1]
        self._session = session
        self._values = {NUMBER: str(number), **({} if self.name is None else {USER: self.name})}
        # A browser uses HTTPS in front of the load balancer, and so sends Secure cookies.
        self._origin = URL(f"https://{host}")
        # An unsafe jar also accepts cookies from hosts that are IP addresses.
        self._jar = CookieJar(unsafe=True)
        self._token: str | None = None

    def __str__(self) -> str:
        return f"virtual user {self._values[NUMBER]}" + ("" if self.name is None else f" ({self.name!r})")

    @property
    def has_cookies(self) -> bool:
        """Whether the user has any cookie."""
        return len(self._jar) > 0

    def fill(self, exchange: _Exchange) -> _Exchange:
        """Return the exchange with `{user}` and `{number}` replaced."""
        return exchange.filled(self._values)

    def headers(self, exchange: Exchange) -> dict[str, str]:
        """Return the cookies, and for unsafe methods the token and the origin, which Django checks under HTTPS."""
        headers: dict[str, str] = {}
        cookies = self._jar.filter_cookies(self._url(exchange.path))
        if cookies:
            headers[hdrs.COOKIE] = "; ".join(f"{cookie.key}={cookie.coded_value}" for cookie in cookies.values())
        if exchange.method not in SAFE_METHODS:
            headers[hdrs.ORIGIN] = str(self._origin)
            if self._token is not None:
                headers[self._session.csrf_header] = self._token
        return headers

    def form_fields(self, exchange: Exchange) -> dict[str, str]:
        """Return the form field with the CSRF token, for unsafe methods."""
        if self._token is None or exchange.method in SAFE_METHODS:
            return {}
        return {TOKEN_FIELD: self._token}

    def receive(self, exchange: Exchange, set_cookies: Iterable[str], *, token: str | None = None) -> None:
        """Store an answer's cookies and CSRF token; `token` is the hidden field of its page."""
        headers = tuple(set_cookies)
        self._token = token or self._token
        self._jar.update_cookies_from_headers(headers, self._url(exchange.path))
        if any(header.partition("=")[0].strip() == self._session.csrf_cookie for header in headers):
            cookie = self._jar.filter_cookies(self._url(exchange.path)).get(self._session.csrf_cookie)
            self._token = None if cookie is None else cookie.value

    def _url(self, path: str) -> URL:
        return URL(f"{self._origin}{path}", encoded=True)


def encoded(exchange: Exchange, user: VirtualUser | None) -> tuple[Mapping[str, str], str | None]:
    """Return the headers and the body to send; the exchange's own headers override the user's."""
    headers: CIMultiDict[str] = CIMultiDict()
    body = exchange.body
    if exchange.json is not None:
        headers[hdrs.CONTENT_TYPE], body = _JSON, exchange.json
    if exchange.form is not None:
        headers[hdrs.CONTENT_TYPE] = _FORM
        body = urlencode({**({} if user is None else user.form_fields(exchange)), **exchange.form})
    if user is not None:
        headers.update(user.headers(exchange))
    headers.update(exchange.headers)
    return headers, body
