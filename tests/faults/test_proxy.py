"""The proxy in front of the database dies, pauses, and must not be pinned."""

import asyncio
import re
import signal
import time

from tests.faults.consoles import order
from tests.faults.databases import DATABASE, a_database, administration, end_backends, until_ready
from tests.faults.load import Client
from tests.faults.replies import clear_s, failures, longest_s, recovery_s
from tests.faults.system import LAMBDA, serving
from tests.faults.trials import RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.waiting import until_ended

_PAUSE_S = 3.0
# A line of the server's log: time, [process], LOG, then the statement by either protocol.
_STATEMENT = re.compile(r"\[(?P<process>\d+)\] LOG:  (?:statement|execute (?P<name>[^:]+)): (?P<sql>.*)", re.DOTALL)
_PINNING = re.compile(r"\s*(SET|RESET|LISTEN|PREPARE|DECLARE|DISCARD)\b|.*\bset_config\s*\(", re.IGNORECASE)
# What must go with its transaction is fine inside one.
_BEGINNING, _ENDING = ("BEGIN", "START"), ("COMMIT", "ROLLBACK", "END", "ABORT")


@fault(8, "proxy dies", LAMBDA)
async def test_a_proxy_that_was_killed_is_used_again_at_once(trial: Trial, tmp_path) -> None:
    with trial.judged(errors_for_s=2.0, recovery_s=1.0), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=20) as system:
            assert system.proxy is not None
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await asyncio.sleep(1.0)
                    system.proxy.process.send_signal(signal.SIGKILL)
                    killed_s = time.monotonic()
                    await until_ended(system.proxy.process)
                    await asyncio.sleep(1.0)
                    system.proxy.restart()
                    ready_s = await until_ready(system.proxy.url(DATABASE))
                    await load.until_success(ready_s)
                    await asyncio.sleep(2.0)
                errors = failures(load.replies)
                trial.note(
                    errors=len(errors),
                    errors_for_s=max((error.ended_s - killed_s for error in errors), default=0.0),
                    recovery_s=recovery_s(load.replies, ready_s),
                    clear_s=clear_s(load.replies, ready_s),
                )


@fault(9, "proxy PAUSE 3 s, RESUME, RELOAD", LAMBDA)
async def test_a_paused_proxy_costs_time_and_no_error(trial: Trial, tmp_path) -> None:
    with trial.judged(errors=0, refused=0, latency_s=3.5), a_database() as database:
        # Each request that waits holds an execution environment, three seconds' worth of them at the end.
        async with serving(trial.target, database, tmp_path, ready=45, concurrency_limit=60) as system:
            assert system.proxy is not None
            console = system.proxy.console_url
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=RATE_WHERE_LAMBDA_WAITS_RPS) as load:
                    await asyncio.sleep(1.0)
                    await order(console, "PAUSE")
                    await asyncio.sleep(_PAUSE_S)
                    await order(console, "RESUME")
                    await asyncio.sleep(1.0)
                    await order(console, "RELOAD")
                    await asyncio.sleep(1.0)
                trial.note(
                    errors=len(failures(load.replies)),
                    refused=sum(not reply.succeeded for reply in load.replies),
                    latency_s=longest_s(load.replies),
                )


@fault(15, "session state through the proxy", LAMBDA)
async def test_no_statement_leaves_state_in_a_session_of_the_proxy(trial: Trial, tmp_path) -> None:
    with trial.judged(errors=0, statements_with_state=0), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            async with administration(database) as connection:
                # For the application's role: the cases look into the database, too.
                await connection.execute(f"ALTER ROLE {database.role} SET log_statement = 'all'")
            await end_backends(database)
            for _ in trial.repetitions:
                begin = database.log.stat().st_size
                async with trial.repetition(system, rate_rps=20) as load, Client(system.url, hidden=()) as client:
                    for _ in range(20):
                        # Several at a time, so that the proxy has connections to mix up.
                        paths = ["/faults/iterate/"] * 3 + ["/api/statistics", "/api/entries?page_size=5"]
                        await asyncio.gather(*(client.read(path) for path in paths))
                with database.log.open(errors="replace") as log:
                    log.seek(begin)
                    statements, with_state = _read_statements(log.read())
                assert statements, "the server logged no statement"
                trial.note(
                    errors=len(failures([*load.replies, *client.replies])),
                    statements=statements,
                    statements_with_state=with_state,
                )


def _read_statements(log: str) -> tuple[int, int]:
    """How many statements a log shows, and how many of them leave state outside a transaction."""
    count = with_state = 0
    in_transaction: set[str] = set()
    for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", log):
        found = _STATEMENT.search(entry)
        if found is None:
            continue
        count += 1
        process, statement = found["process"], found["sql"]
        word = statement.split(maxsplit=1)[0].upper().rstrip(";") if statement.strip() else ""
        if word in _BEGINNING:
            in_transaction.add(process)
        elif word in _ENDING:
            in_transaction.discard(process)
        named = found["name"] not in (None, "<unnamed>")
        if named or (process not in in_transaction and _PINNING.match(statement)):
            with_state += 1
    return count, with_state
