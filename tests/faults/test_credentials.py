"""Logins change while connections are made."""

import asyncio
import secrets
import time
from urllib.parse import urlsplit

from psycopg import sql

from tests.faults.application.names import TOKEN_REFRESH_AFTER_S
from tests.faults.databases import DATABASE, MovingDatabase, a_database, administration, end_backends, log_of
from tests.faults.replies import failures, longest_s
from tests.faults.secret_store import ACCESS_KEY, REGION, SecretStore, a_secret_store
from tests.faults.system import CONTAINER, LAMBDA_DIRECT, System, serving
from tests.faults.token_gate import TokenGate
from tests.faults.trials import REPETITIONS, Trial, fault
from webapp.compare.services.postgres import EmbeddedPostgres

_PUBLISHED_LATE_S = 3.0
_LIFETIME_S = 3.0
_LIFETIMES = 10
# A token's date has whole seconds only, and a connection takes its time.
_REFRESH_AFTER_S = 1.5


@fault(34, "password rotation, one user", CONTAINER, LAMBDA_DIRECT)
async def test_a_rotated_password_is_known_as_soon_as_it_is_published(trial: Trial, tmp_path) -> None:
    passwords = _new_passwords()
    with trial.judged(errors_for_s=5.0), a_database() as database:
        async with a_secret_store(log_of(tmp_path, "store")) as store:
            await store.publish(database.role, urlsplit(database.url(DATABASE)).password or "")
            async with serving(trial.target, database, tmp_path, variables=store.variables, hidden=passwords) as system:
                for password, _ in zip(passwords, trial.repetitions, strict=False):
                    await _rotate(trial, system, database, store, database.role, password)


@fault(34, "password rotation, alternating users", CONTAINER, LAMBDA_DIRECT)
async def test_alternating_users_make_a_rotation_unnoticed(trial: Trial, tmp_path) -> None:
    users, passwords = ("webapp_one", "webapp_two"), _new_passwords()
    first = secrets.token_hex(16)
    with trial.judged(errors=0), a_database() as database:
        async with a_secret_store(log_of(tmp_path, "store")) as store:
            async with administration(database) as connection:
                for user in users:
                    await connection.execute(f"CREATE ROLE {user} LOGIN IN ROLE {database.role}")
            await _set_password(database, users[0], first)
            await store.publish(users[0], first)
            async with serving(
                trial.target, database, tmp_path, variables=store.variables, hidden=[first, *passwords]
            ) as system:
                for password, number in zip(passwords, trial.repetitions, strict=False):
                    await _rotate(trial, system, database, store, users[(number + 1) % 2], password)


@fault(35, "token expiry", CONTAINER, LAMBDA_DIRECT)
async def test_tokens_are_renewed_before_they_expire(trial: Trial, tmp_path) -> None:
    limits = {"refused": 0, "oldest_token_s": _LIFETIME_S, "errors_other_than_in_flight": 0}
    with trial.judged(**limits), a_database() as database:
        await _trust(database)
        async with TokenGate(database.port, access_key=ACCESS_KEY, region=REGION, lifetime_s=_LIFETIME_S) as gate:
            authority = tmp_path / "authority.pem"
            gate.authority.cert_pem.write_to_path(str(authority))
            variables = {
                **ACCESS_KEY,
                "AWS_REGION": REGION,
                "WEBAPP_DB_CREDENTIALS": "iam",
                "WEBAPP_DB_SSLMODE": "verify-full",
                "WEBAPP_DB_ROOT_CERTIFICATES": str(authority),
                TOKEN_REFRESH_AFTER_S: str(_REFRESH_AFTER_S),
                "DATABASE_URL": MovingDatabase(database, "127.0.0.1", gate.port).url(DATABASE),
            }
            # A token shown anywhere would show this.
            hidden = ["X-Amz-Signature"]
            async with serving(trial.target, database, tmp_path, variables=variables, hidden=hidden) as system:
                for _ in trial.repetitions:
                    await _outlive_tokens(trial, system, database, gate)


async def _outlive_tokens(trial: Trial, system: System, database: EmbeddedPostgres, gate: TokenGate) -> None:
    in_flight = 0
    accepted, signatures = gate.accepted, len(gate.signatures)
    async with trial.repetition(system) as load:
        for _ in range(_LIFETIMES):
            await asyncio.sleep(_LIFETIME_S)
            in_flight += load.in_flight
            # So that a pool has to log in again, too.
            await end_backends(database)
    # The first have tokens of their own; a repetition without new ones would have tested nothing.
    assert gate.accepted - accepted >= _LIFETIMES, "too few logins"
    assert len(gate.signatures) - signatures >= _LIFETIMES, "too few tokens"
    trial.note(
        refused=len(gate.refused),
        oldest_token_s=gate.oldest_s,
        errors_other_than_in_flight=max(0, len(failures(load.replies)) - in_flight),
        logins=gate.accepted - accepted,
    )


async def _rotate(
    trial: Trial, system: System, database: EmbeddedPostgres, store: SecretStore, user: str, password: str
) -> None:
    async with trial.repetition(system) as load:
        await asyncio.sleep(2.0)
        rotated_s = time.monotonic()
        await _set_password(database, user, password)
        # What is logged in stays so: everybody has to log in again.
        await end_backends(database)
        ended_s = time.monotonic()
        await asyncio.sleep(_PUBLISHED_LATE_S)
        await store.publish(user, password)
        await load.until_success(time.monotonic())
        await asyncio.sleep(3.0)
    # Those in flight before were ended by this case itself.
    errors = failures(load.replies, due_after_s=ended_s)
    trial.note(
        errors=len(errors),
        errors_for_s=max((error.due_s - rotated_s for error in errors), default=0.0),
        latency_s=longest_s(load.replies),
    )


def _new_passwords() -> list[str]:
    return [secrets.token_hex(16) for _ in range(REPETITIONS)]


async def _set_password(database: EmbeddedPostgres, user: str, password: str) -> None:
    async with administration(database) as connection:
        await connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(password))
        )


async def _trust(database: EmbeddedPostgres) -> None:
    """Let the application's role in without a password: the gate has asked for a token."""
    rules = database.data / "pg_hba.conf"
    rules.write_text(f"host all {database.role} 127.0.0.1/32 trust\n{rules.read_text()}")
    async with administration(database) as connection:
        await connection.execute("SELECT pg_reload_conf()")
