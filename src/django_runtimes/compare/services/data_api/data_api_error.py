"""The errors of the Data API, as the service words them."""

from psycopg import OperationalError
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

_STATUSES = {
    "AccessDeniedException": 403,
    "DatabaseUnavailableException": 504,
    "IncompleteSignatureException": 403,
    "InternalFailure": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "NotFoundException": 404,
    "TransactionNotFoundException": 404,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
}
_BAD_REQUEST = 400

# libpq gives no SQLSTATE for a refused login, so its text tells.
_LOGIN_STATES = (
    ("password authentication failed", "28P01"),
    ("does not exist", "3D000"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("too many connections", "53300"),
    ("is starting up", "57P03"),
    ("is shutting down", "57P03"),
    ("not currently accepting connections", "55000"),
)
_MULTIPLE_COMMANDS = "cannot insert multiple commands into a prepared statement"


class DataApiError(Exception):
    """An answer that is an error: its type, as in the header x-amzn-ErrorType, and its message."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return _STATUSES.get(self.name, _BAD_REQUEST)


def error_of_result(result: PGresult) -> DataApiError:
    """Return the error of a statement that PostgreSQL refused."""
    message = _field(result, DiagnosticField.MESSAGE_PRIMARY)
    if message == _MULTIPLE_COMMANDS:
        return DataApiError("ValidationException", "Multistatements aren't supported")
    parts = [f"{_field(result, DiagnosticField.SEVERITY)}: {message}"]
    for label, diagnostic in (
        ("Detail", DiagnosticField.MESSAGE_DETAIL),
        ("Hint", DiagnosticField.MESSAGE_HINT),
        ("Position", DiagnosticField.STATEMENT_POSITION),
        ("SQLState", DiagnosticField.SQLSTATE),
    ):
        if text := _field(result, diagnostic):
            parts.append(f"{label}: {text}")
    return DataApiError("DatabaseErrorException", "; ".join(parts))


def error_of_login(error: OperationalError) -> DataApiError:
    """Return the error of a session that PostgreSQL refused or that could not reach it."""
    severity, _, message = " ".join(str(error).split()).rpartition("FATAL: ")
    state = next((state for text, state in _LOGIN_STATES if text in message), None)
    if not severity or state is None:
        return unavailable()
    return DataApiError("DatabaseErrorException", f"FATAL: {message.strip()}; SQLState: {state}")


def unavailable() -> DataApiError:
    """Return the error of a database that does not answer."""
    return DataApiError("DatabaseUnavailableException")


def _field(result: PGresult, diagnostic: DiagnosticField) -> str:
    return (result.error_field(diagnostic) or b"").decode(errors="replace")
