"""The proxy in front of the database dies or pauses, and its sessions must not be pinned."""

import asyncio
import signal
import time

from tests.faults.figures.load import Client
from tests.faults.figures.replies import clear_s, failures, longest_s, recovery_s, served
from tests.faults.figures.statement_log import read_statements
from tests.faults.figures.trials import RATE_BESIDE_OTHER_REQUESTS_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.consoles import run_command
from tests.faults.parts.databases import DATABASE, a_database, administration, end_backends, until_ready
from tests.faults.parts.system import LAMBDA, serving
from tests.faults.waiting import until_ended
from tests.restarts import restart_pgbouncer

_PAUSE_S = 3.0
_ROUNDS = 20
_ITERATIONS = 3
# The view runs two iterators, and one statement ten times.
_STATEMENTS_PER_ITERATION = 12


@fault(8, "proxy dies", LAMBDA)
async def test_a_restarted_proxy_is_used_at_once(trial: Trial, tmp_path) -> None:
    limits = {"errors_for_s": 2.0, "recovery_s": 1.0, "served_while_dead": 0}
    with trial.judged(least={"errors": 1}, **limits), a_database() as database:
        async with serving(trial.target, database, tmp_path, ready=20) as system:
            assert system.proxy is not None
            for _ in trial.repetitions:
                async with trial.repetition(system) as load:
                    await asyncio.sleep(1.0)
                    system.proxy.process.send_signal(signal.SIGKILL)
                    killed_s = time.monotonic()
                    await until_ended(system.proxy.process)
                    dead_s = time.monotonic()
                    await asyncio.sleep(1.0)
                    restarted_s = time.monotonic()
                    restart_pgbouncer(system.proxy)
                    ready_s = await until_ready(system.proxy.url(DATABASE))
                    await load.until_success(ready_s)
                    await asyncio.sleep(2.0)
                errors = failures(load.replies)
                trial.note(
                    served_while_dead=served(load.replies, dead_s, restarted_s),
                    errors=len(errors),
                    errors_for_s=max((error.ended_s - killed_s for error in errors), default=0.0),
                    recovery_s=recovery_s(load.replies, ready_s),
                    clear_s=clear_s(load.replies, ready_s),
                )


@fault(9, "proxy PAUSE 3 s, RESUME, RELOAD", LAMBDA)
async def test_a_paused_proxy_delays_requests_without_an_error(trial: Trial, tmp_path) -> None:
    limits = {"errors": 0, "refused": 0, "latency_s": 3.5, "served_while_paused": 0}
    least = {"waited": RATE_WHERE_LAMBDA_WAITS_RPS * _PAUSE_S / 2}
    with trial.judged(least=least, **limits), a_database() as database:
        # Each waiting request occupies an execution environment, and three seconds of requests wait at the end.
        async with serving(trial.target, database, tmp_path, ready=45, concurrency_limit=60) as system:
            assert system.proxy is not None
            console = system.proxy.console_url
            for _ in trial.repetitions:
                async with trial.repetition(system, rate_rps=RATE_WHERE_LAMBDA_WAITS_RPS) as load:
                    await asyncio.sleep(1.0)
                    await run_command(console, "PAUSE")
                    paused_s = time.monotonic()
                    await asyncio.sleep(_PAUSE_S)
                    resumed_s = time.monotonic()
                    await run_command(console, "RESUME")
                    await asyncio.sleep(1.0)
                    await run_command(console, "RELOAD")
                    await asyncio.sleep(1.0)
                trial.note(
                    waited=sum(paused_s <= reply.due_s and reply.ended_s >= resumed_s for reply in load.replies),
                    served_while_paused=served(load.replies, paused_s, resumed_s),
                    errors=len(failures(load.replies)),
                    refused=sum(not reply.succeeded for reply in load.replies),
                    latency_s=longest_s(load.replies),
                )


@fault(15, "session state through the proxy", LAMBDA)
async def test_no_statement_leaves_state_in_a_proxys_session(trial: Trial, tmp_path) -> None:
    # Fewer statements would mean that the log is incomplete.
    least = {"statements": _ROUNDS * _ITERATIONS * _STATEMENTS_PER_ITERATION}
    with trial.judged(least=least, errors=0, statements_with_state=0), a_database() as database:
        async with serving(trial.target, database, tmp_path) as system:
            async with administration(database) as connection:
                # Log only the application's role, because the cases query the database, too.
                await connection.execute(f"ALTER ROLE {database.role} SET log_statement = 'all'")
            await end_backends(database)
            for _ in trial.repetitions:
                begin = database.log.stat().st_size
                async with (
                    trial.repetition(system, rate_rps=RATE_BESIDE_OTHER_REQUESTS_RPS) as load,
                    Client(system.url, hidden=system.hidden) as client,
                ):
                    for _ in range(_ROUNDS):
                        # Send several requests at a time, so that the proxy could mix up connections.
                        paths = ["/faults/iterate/"] * _ITERATIONS + ["/api/statistics", "/api/entries?page_size=5"]
                        await asyncio.gather(*(client.read(path) for path in paths))
                with database.log.open(errors="replace") as log:
                    log.seek(begin)
                    statements, with_state = read_statements(log.read())
                await trial.check_writes(system, client.replies)
                trial.note(
                    errors=len(failures([*load.replies, *client.replies])),
                    statements=statements,
                    statements_with_state=with_state,
                )
