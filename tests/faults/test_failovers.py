"""The database moves to another server."""

import asyncio
import os
import time
from pathlib import Path

from django_runtimes.cli import processes
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.faults.figures.replies import clear_s, failures, recovery_s, served
from tests.faults.figures.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, Trial, fault
from tests.faults.parts.consoles import run_command
from tests.faults.parts.databases import MovingDatabase, a_database, crash, written
from tests.faults.parts.name_server import NameServer
from tests.faults.parts.namespaces import own_network
from tests.faults.parts.relays import Relay
from tests.faults.parts.standby import a_standby, make_read_only, promote
from tests.faults.parts.system import CONTAINER, LAMBDA, System, serving
from tests.faults.waiting import until

_TTL_S = 5


@fault(4, "failover", CONTAINER, LAMBDA)
async def test_a_connection_is_dropped_at_its_first_read_only_error(trial: Trial, tmp_path) -> None:
    least = {"refused_on_old": 1, "written_on_new": 1}
    with trial.judged(least=least, recovery_s=5.0, written_on_old=0):
        for _ in trial.repetitions:
            with a_database() as primary, Relay(primary.port) as relay:
                moving = MovingDatabase(primary, relay.host, relay.port)
                async with serving(trial.target, moving, tmp_path) as system:
                    await _fail_over(trial, system, primary, moving, relay)


async def _fail_over(
    trial: Trial, system: System, primary: EmbeddedPostgres, moving: MovingDatabase, relay: Relay
) -> None:
    rate_rps = RATE_WHERE_LAMBDA_WAITS_RPS if system.is_lambda else RATE_RPS
    async with a_standby(primary, primary.installation, _new_data(primary)) as standby:
        async with trial.repetition(system, rate_rps=rate_rps) as load:
            await asyncio.sleep(1.0)
            await make_read_only(primary)

            async def has_refused() -> bool:
                return _refused_writes(primary) > 0

            await until(has_refused)
            await promote(primary, standby)
            moving.current = standby
            relay.target = standby.port
            if system.proxy is not None:
                # RDS Proxy itself leaves a server that is no longer primary; PgBouncer needs a command.
                await run_command(system.proxy.console_url, "RECONNECT")
            ready_s = time.monotonic()
            await load.until_success(ready_s)
            # Continue beyond the limit to see errors that come back.
            await asyncio.sleep(6.0)
        keys = [reply.key for reply in load.replies if reply.key]
        old, new = await written(primary, keys), await written(standby, keys)
    trial.note(
        errors=len(failures(load.replies)),
        refused_on_old=_refused_writes(primary),
        written_on_new=len(new.keys() - old.keys()),
        written_on_old=len(old.keys() - new.keys()),
        recovery_s=recovery_s(load.replies, ready_s, kind="write"),
        clear_s=clear_s(load.replies, ready_s),
    )


@fault(5, "DNS flip", CONTAINER)
async def test_a_changed_dns_record_needs_no_restart(trial: Trial, tmp_path) -> None:
    least = {"due_before_new_host": RATE_RPS * _TTL_S / 2}
    with trial.judged(least=least, new_host_used_s=10.0, served_before_new_host=0), own_network(tmp_path):
        for _ in trial.repetitions:
            with a_database() as primary:
                async with NameServer("127.0.0.1", ttl_s=_TTL_S) as names:
                    # Only `localhost` may be reached without TLS, and only the name server resolves it here.
                    moving = MovingDatabase(primary, "localhost", primary.port)
                    async with serving(trial.target, moving, tmp_path) as system:
                        await _move_name(trial, system, primary, moving, names)


async def _move_name(
    trial: Trial, system: System, primary: EmbeddedPostgres, moving: MovingDatabase, names: NameServer
) -> None:
    address = "127.0.0.2"
    data = _new_data(primary)
    async with (
        a_standby(primary, primary.installation, data, host=address, port=primary.port) as standby,
        trial.repetition(system) as load,
    ):
        await asyncio.sleep(1.0)
        await promote(primary, standby)
        moving.current = standby
        names.move(address)
        moved_s = time.monotonic()
        # The crash ends the old connections too; the failover case covers a primary that keeps answering.
        await crash(primary)
        crashed_s = time.monotonic()
        await load.until_success(moved_s)
        await asyncio.sleep(3.0)
    known_s = moved_s + _TTL_S
    trial.note(
        due_before_new_host=sum(crashed_s < reply.due_s < known_s for reply in load.replies),
        served_before_new_host=served(load.replies, crashed_s, known_s),
        errors=len(failures(load.replies)),
        new_host_used_s=recovery_s(load.replies, moved_s, kind="write"),
        clear_s=clear_s(load.replies, moved_s),
    )


def _refused_writes(primary: EmbeddedPostgres) -> int:
    return primary.log.read_text(errors="replace").count("in a read-only transaction")


def _new_data(primary: EmbeddedPostgres) -> Path:
    """Return a path at which the account that runs the servers may create a standby's data."""
    place = primary.directory / "standby"
    place.mkdir()
    if (account := processes.server_account()) is not None:
        os.chown(place, account.pw_uid, account.pw_gid)
    return place / "data"
