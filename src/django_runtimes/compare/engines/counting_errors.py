"""The errors of counting connections, which are the same for each engine."""

from django_runtimes.compare.compare_error import CompareError


def cannot_count(error: Exception) -> CompareError:
    """Return the error for a server that does not answer."""
    cause = " ".join(str(error).split())
    return CompareError(f"cannot count the database's connections: {cause}; check that the server still runs")


def gone(database: str) -> str:
    """Return the text for a database that the server no longer has."""
    return f"cannot count connections: the database {database!r} does not exist; check that nothing dropped it"
