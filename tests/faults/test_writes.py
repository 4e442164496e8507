"""The same write is delivered more than once."""

import asyncio

from tests.faults.figures.load import Client, new_key
from tests.faults.figures.replies import failures
from tests.faults.figures.trials import RATE_BESIDE_OTHER_REQUESTS_RPS, Trial, fault
from tests.faults.parts.databases import a_database
from tests.faults.parts.system import CONTAINER, LAMBDA, serving

_WRITES = 50
# Some clients leave before the request is handled, some while it is, and some just before the response.
_CLIENT_TIMEOUTS_S = tuple(milliseconds / 1_000 for milliseconds in range(1, 21))


@fault(21, "duplicate delivery", CONTAINER, LAMBDA, short=[CONTAINER])
async def test_a_write_delivered_twice_makes_one_row_and_one_response(trial: Trial, tmp_path) -> None:
    least = {"given_up": 1}
    with trial.judged(least=least, unsuccessful=0, different_responses=0, errors=0), a_database() as database:
        async with serving(trial.target, database, tmp_path, variables=trial.patience, ready=4) as system:
            for _ in trial.repetitions:
                async with (
                    trial.repetition(system, rate_rps=RATE_BESIDE_OTHER_REQUESTS_RPS) as load,
                    Client(system.url, hidden=system.hidden) as client,
                ):
                    for number in range(_WRITES):
                        await _deliver_at_once(trial, client)
                        timeout_s = _CLIENT_TIMEOUTS_S[number % len(_CLIENT_TIMEOUTS_S)]
                        await _deliver_after_timeout(trial, client, timeout_s)
                trial.note(
                    given_up=sum(reply.status == 0 for reply in client.replies), errors=len(failures(load.replies))
                )
                await trial.check_writes(system, client.replies)


async def _deliver_at_once(trial: Trial, client: Client) -> None:
    key = new_key()
    first, second = await asyncio.gather(client.write(key), client.write(key))
    trial.note(
        unsuccessful=(not first.succeeded) + (not second.succeeded), different_responses=first.body != second.body
    )


async def _deliver_after_timeout(trial: Trial, client: Client, timeout_s: float) -> None:
    key = new_key()
    given_up = await client.write(key, timeout_s=timeout_s)
    again = await client.write(key)
    once_more = await client.write(key)
    trial.note(
        unsuccessful=(not again.succeeded) + (not once_more.succeeded),
        different_responses=again.body != once_more.body or (given_up.succeeded and given_up.body != again.body),
    )
