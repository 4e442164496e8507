"""Passwords and tokens change while the application logs in."""

import asyncio
import secrets
import time
from urllib.parse import urlsplit

from psycopg import sql

from django_runtimes.compare.emulator.lambda_function import REGION
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from tests.faults.application.names import TOKEN_REFRESH_AFTER_S, TOKEN_USABLE_FOR_S
from tests.faults.figures.replies import failures, longest_s, served, was_cut_off
from tests.faults.figures.trials import RATE_RPS, RATE_WHERE_LAMBDA_WAITS_RPS, REPETITIONS, Trial, fault
from tests.faults.parts.databases import (
    DATABASE,
    MovingDatabase,
    a_database,
    administration,
    end_backends,
    log_of,
    until_logged_in,
)
from tests.faults.parts.secret_store import SecretStore, a_secret_store
from tests.faults.parts.system import CONTAINER, LAMBDA_DIRECT, System, serving
from tests.faults.parts.token_gate import TokenGate
from tests.moto import ACCESS_KEY

_PUBLISHED_LATE_S = 3.0
# With a connection per request there may be no connection to end.
_LEAST_ENDED = {CONTAINER: {"ended": 1}, LAMBDA_DIRECT: {}}
# On Lambda each execution environment reads the secret itself, which costs as much CPU as its start. A login by token
# goes through the gate, which handles TLS in Python.
_RATES_RPS = {CONTAINER: RATE_RPS, LAMBDA_DIRECT: RATE_WHERE_LAMBDA_WAITS_RPS}
_LIFETIME_S = 3.0
_LIFETIMES = 10
# Both values leave a margin, because a token's date has only whole seconds and connecting takes time.
_REFRESH_AFTER_S = 1.0
_USABLE_FOR_S = 1.4


@fault(34, "password rotation, one user", CONTAINER, LAMBDA_DIRECT)
async def test_a_rotated_password_is_used_as_soon_as_it_is_published(trial: Trial, tmp_path) -> None:
    passwords = _new_passwords()
    limits = {"errors_for_s": 5.0, "served_before_publication": 0}
    with (
        trial.judged(least=_least_figures(trial.target), **limits),
        a_database() as database,
        a_secret_store(log_of(tmp_path, "store")) as store,
    ):
        await store.publish(database.role, urlsplit(database.url(DATABASE)).password or "")
        async with serving(trial.target, database, tmp_path, variables=store.variables, hidden=passwords) as system:
            for password, _ in zip(passwords, trial.repetitions, strict=False):
                await _rotate(trial, system, database, store, database.role, password, used=database.role)


@fault(34, "password rotation, alternating users", CONTAINER, LAMBDA_DIRECT)
async def test_rotation_with_alternating_users_causes_no_error(trial: Trial, tmp_path) -> None:
    users, passwords = ("webapp_one", "webapp_two"), _new_passwords()
    first = secrets.token_hex(16)
    with (
        trial.judged(least=_least_figures(trial.target), errors=0),
        a_database() as database,
        a_secret_store(log_of(tmp_path, "store")) as store,
    ):
        async with administration(database) as connection:
            for user in users:
                await connection.execute(f"CREATE ROLE {user} LOGIN IN ROLE {database.role}")
        await _set_password(database, users[0], first)
        await store.publish(users[0], first)
        async with serving(
            trial.target, database, tmp_path, variables=store.variables, hidden=[first, *passwords]
        ) as system:
            for password, number in zip(passwords, trial.repetitions, strict=False):
                # From the second repetition on, the application starts with the rotated user, and changes to the other.
                rotated, used = users[(number + 1) % 2], users[number % 2]
                await _rotate(trial, system, database, store, rotated, password, used=used)


@fault(35, "token expiry", CONTAINER, LAMBDA_DIRECT)
async def test_tokens_are_renewed_before_they_expire(trial: Trial, tmp_path) -> None:
    limits = {"refused": 0, "oldest_token_s": _LIFETIME_S, "errors_other_than_in_flight": 0}
    # Without new logins and tokens the case would test nothing.
    least = {"logins": _LIFETIMES, "tokens": _LIFETIMES, **_LEAST_ENDED[trial.target]}
    with trial.judged(least=least, **limits), a_database() as database:
        await _allow_without_password(database)
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
                TOKEN_USABLE_FOR_S: str(_USABLE_FOR_S),
                "DATABASE_URL": MovingDatabase(database, "127.0.0.1", gate.port).url(DATABASE),
            }
            # Every token contains this text.
            hidden = ["X-Amz-Signature"]
            async with serving(trial.target, database, tmp_path, variables=variables, hidden=hidden) as system:
                for _ in trial.repetitions:
                    await _outlive_tokens(trial, system, database, gate)


async def _outlive_tokens(trial: Trial, system: System, database: EmbeddedPostgres, gate: TokenGate) -> None:
    accepted, seen, ended = gate.accepted, len(gate.tokens), 0
    ends: list[tuple[float, float]] = []
    async with trial.repetition(system, rate_rps=_RATES_RPS[trial.target]) as load:
        for _ in range(_LIFETIMES):
            await asyncio.sleep(_LIFETIME_S)
            begin_s = time.monotonic()
            # This makes a pool log in again, too.
            ended += await end_backends(database)
            ends.append((begin_s, time.monotonic()))
        # The connections that were ended last need time to be replaced, too.
        await asyncio.sleep(1.0)
    errors = failures(load.replies)
    cut_off = [error for error in errors if any(was_cut_off(error, begin_s, end_s) for begin_s, end_s in ends)]
    trial.note(
        ended=ended,
        refused=len(gate.refused),
        oldest_token_s=gate.oldest_s,
        errors_in_flight=len(cut_off),
        errors_other_than_in_flight=len(errors) - len(cut_off),
        logins=gate.accepted - accepted,
        tokens=len(gate.tokens) - seen,
    )


async def _rotate(
    trial: Trial,
    system: System,
    database: EmbeddedPostgres,
    store: SecretStore,
    user: str,
    password: str,
    *,
    used: str,
) -> None:
    """Rotate a user's password, and wait until the application is logged in as `used`."""
    async with trial.repetition(system, rate_rps=_RATES_RPS[trial.target]) as load:
        # The first login takes longer, because it reads the secret.
        await load.until_success(0.0)
        await asyncio.sleep(1.0)
        rotated_s = time.monotonic()
        await _set_password(database, user, password)
        begin_s = time.monotonic()
        # Existing sessions survive a rotation, so end them to make every connection log in again.
        ended = await end_backends(database)
        end_s = time.monotonic()
        await asyncio.sleep(_PUBLISHED_LATE_S)
        published_s = time.monotonic()
        await store.publish(user, password)
        await load.until_success(time.monotonic())
        await until_logged_in(database, used)
        # Continue beyond the limit to see errors that persist.
        await asyncio.sleep(3.0)
    errors = [error for error in failures(load.replies) if not was_cut_off(error, begin_s, end_s)]
    trial.note(
        ended=ended,
        due_before_publication=sum(end_s < reply.due_s < published_s for reply in load.replies),
        served_before_publication=served(load.replies, end_s, published_s),
        errors=len(errors),
        errors_for_s=max((error.ended_s - rotated_s for error in errors), default=0.0),
        latency_s=longest_s(load.replies),
    )


def _least_figures(target: str) -> dict[str, float]:
    return {"due_before_publication": _RATES_RPS[target] * _PUBLISHED_LATE_S / 2, **_LEAST_ENDED[target]}


def _new_passwords() -> list[str]:
    return [secrets.token_hex(16) for _ in range(REPETITIONS)]


async def _set_password(database: EmbeddedPostgres, user: str, password: str) -> None:
    async with administration(database) as connection:
        await connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(password))
        )


async def _allow_without_password(database: EmbeddedPostgres) -> None:
    """Let the application's role log in without a password, because the gate checks its token."""
    rules = database.data / "pg_hba.conf"
    rules.write_text(f"host all {database.role} 127.0.0.1/32 trust\n{rules.read_text()}")
    async with administration(database) as connection:
        await connection.execute("SELECT pg_reload_conf()")
