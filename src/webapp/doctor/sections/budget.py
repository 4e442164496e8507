"""Whether there are connections for everything that may run at once."""

from webapp.config.errors import ConfigurationError
from webapp.config.runtime import Runtime
from webapp.database.budget import Comparison, ServerLimits, Sum, connection_budget
from webapp.doctor.examination import Examination
from webapp.doctor.finding import Finding, Level, Row


def examine_budget(examination: Examination) -> list[Finding]:
    """A finding for each limit, with both sums."""
    try:
        comparisons = connection_budget(
            examination.environ, _server_limits(examination), cpu_count=examination.cpu_count
        )
        return [*_guesses(examination), *map(_compared, comparisons)]
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]


def _server_limits(examination: Examination) -> ServerLimits | None:
    try:
        return examination.server_limits
    except ConfigurationError:
        # No address: the limit may be declared.
        return None


def _guesses(examination: Examination) -> list[Finding]:
    if examination.detection.runtime in {Runtime.AWS_LAMBDA, Runtime.LOCAL} or examination.environ.get(
        "WEBAPP_WORKERS"
    ):
        return []
    return [
        Finding(
            Level.WARNING,
            f"the workers of an instance are taken to be as many as this machine's CPUs, {examination.cpu_count}",
            "set WEBAPP_WORKERS, here and in the deployment",
        )
    ]


def _compared(comparison: Comparison) -> Finding:
    rows = (*_rows(comparison.needed), *_rows(comparison.available))
    # Several may hang on the same figure.
    unknown: dict[str, str] = {}
    for term in comparison.unknown:
        unknown.setdefault(term.remedy, term.name)
    if unknown:
        return Finding(
            Level.WRONG,
            f"{comparison.place}: not proven to have enough connections; unknown: {', '.join(unknown.values())}",
            "; ".join(unknown),
            rows,
        )
    text = (
        f"{comparison.place}: {comparison.needed.value} connections may be needed at once, "
        f"{comparison.available.value} are available"
    )
    if comparison.holds:
        return Finding(Level.OK, text, rows=rows)
    return Finding(Level.WRONG, text, comparison.remedy, rows)


def _rows(terms: Sum) -> tuple[Row, ...]:
    return (
        *(Row(term.name, term.value, term.source, term.sign) for term in terms.terms),
        Row(terms.name, terms.value, sign="="),
    )
