"""Sends the workload to a target once more, outside of the measurement, and counts the statements that would pin."""

from collections import Counter
from collections.abc import Callable, Mapping

from psycopg.conninfo import conninfo_to_dict

from django_runtimes.compare.codebase.environ import moved_url
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.pins.statement_relay import StatementRelay
from django_runtimes.compare.record.pin_counts import PinCounts
from django_runtimes.compare.targets.target import Target, expect_answer
from django_runtimes.compare.workload.workload import Workload
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_PROXY_HOST, DB_PROXY_PORT
from django_runtimes.pinning.rules import Statement, pinning_rules

_DEFAULT_PORT = 5432
# psycopg prepares a statement when a connection executes it for the sixth time.
_TIMES = 12


async def count_pins(
    environ: Mapping[str, str],
    make_target: Callable[[Mapping[str, str]], Target],
    workload: Workload,
    generator: LoadGenerator,
    ledger: Ledger,
) -> PinCounts:
    """Start a target whose statements pass through a relay, send each request several times, and count.

    The environment has the target's DATABASE_URL, with the address of its route. Raise CompareError if the target does
    not start or does not answer as expected.
    """
    rules: Counter[str] = Counter()
    statements = requests = 0

    def observe(statement: Statement) -> None:
        nonlocal statements
        statements += 1
        rules.update(rule.name for rule in pinning_rules(statement))

    async with (
        StatementRelay(*_address(environ[DATABASE_URL.name]), observe) as relay,
        make_target(_through(relay, environ)) as target,
    ):
        users = () if workload.session is None else await generator.log_in(target.url, workload.session)
        for _ in range(_TIMES):
            for template in workload.requests:
                expect_answer(await generator.single(target.url, template, ledger=ledger, users=users))
                requests += 1
    if not statements:
        raise CompareError("none of its requests reached the database through the relay")
    return PinCounts(requests, statements, dict(sorted(rules.items())))


def _address(database_url: str) -> tuple[str, int]:
    """Return the host and the port; raise CompareError for a socket and for several hosts."""
    parts = conninfo_to_dict(database_url)
    host, port = str(parts.get("host") or ""), str(parts.get("port") or _DEFAULT_PORT)
    if not host or "/" in host or "," in host or not port.isdecimal():
        raise CompareError("its database has no single address over TCP")
    return host, int(port)


def _through(relay: StatementRelay, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the relay's address in place of the database's and the proxy's."""
    moved = {DATABASE_URL.name: moved_url(environ[DATABASE_URL.name], relay)}
    if DB_PROXY_HOST.name in environ:
        moved |= {DB_PROXY_HOST.name: relay.host, DB_PROXY_PORT.name: str(relay.port)}
    return {**environ, **moved}
