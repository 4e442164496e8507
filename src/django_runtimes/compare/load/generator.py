"""Sends requests when they are due, without waiting for earlier answers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle
from types import TracebackType

from django_runtimes.compare.load.access import Access, emulated_access
from django_runtimes.compare.load.arrivals import choose_templates, poisson_arrivals
from django_runtimes.compare.load.block import TIMEOUT_S, Block, Outcome, block_of
from django_runtimes.compare.load.due_request import DueRequest
from django_runtimes.compare.load.http_client import HttpClient
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.login import log_in
from django_runtimes.compare.load.pace import Pace, without_garbage_collection
from django_runtimes.compare.load.streamed_outcome import StreamedOutcome
from django_runtimes.compare.load.target_answer import TargetAnswer, ask
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.workload.workload import DEFAULT_HOST, RequestTemplate, Session

# A closed loop repeats this many requests.
_CHOICES = 1_000
# This is shorter than the servers' keep-alive (gunicorn's default is 2 s), as a load balancer's must be. Otherwise a
# request could use a connection that the server is closing.
_KEEPALIVE_S = 1.0


class LoadGenerator:
    """Sends load to targets and measures it in blocks; an async context manager."""

    def __init__(self, *, host: str = DEFAULT_HOST, access: Access | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """Reach targets by `access`; by default they are emulated ones that serve `host`."""
        self._access = access or emulated_access(host)
        self._host = self._access.host
        self._timeout_s = timeout_s
        self._client = HttpClient(
            headers={**self._access.headers, "Host": self._host},
            timeout_s=timeout_s,
            keepalive_s=_KEEPALIVE_S,
            tls=self._access.tls,
        )

    async def __aenter__(self) -> "LoadGenerator":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    async def log_in(self, url: str, session: Session) -> tuple[VirtualUser, ...]:
        """Log the session's virtual users in at one target; raise CompareError when one cannot log in."""
        return await log_in(self._client, url, session, host=self._host)

    async def steady(
        self,
        url: str,
        templates: Sequence[RequestTemplate],
        *,
        rate_rps: float,
        duration_s: float,
        seed: int,
        ledger: Ledger,
        users: Sequence[VirtualUser] = (),
    ) -> Block:
        """Send Poisson arrivals at a rate, from the users in turn.

        The block is void if the generator was too slow.
        """
        offsets_s = poisson_arrivals(rate_rps, duration_s, seed)
        chosen = choose_templates(templates, len(offsets_s), seed)
        pace = Pace()
        with without_garbage_collection():
            start, cpu_start_s = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as group:
                sends = []
                for index, (offset_s, template) in enumerate(zip(offsets_s, chosen, strict=True)):
                    await pace.wait_until(start + offset_s)
                    user = _user_of(template, users, index)
                    sends.append(group.create_task(self._send(url, template, start + offset_s, ledger, user)))
                await pace.wait_until(start + duration_s)
                # Calculate the share before the last answers arrive, since waiting for them would lower it.
                busy_s = time.process_time() - cpu_start_s - pace.idle_s
                cpu_share = busy_s / (time.perf_counter() - start)
        outcomes = [send.result() for send in sends]
        return block_of(outcomes, duration_s=duration_s, cpu_share=cpu_share)

    async def burst(
        self,
        url: str,
        templates: Sequence[RequestTemplate],
        *,
        count: int,
        seed: int,
        ledger: Ledger,
        users: Sequence[VirtualUser] = (),
    ) -> Block:
        """Send `count` requests that are due at the same moment, or as many as one second may have."""
        max_rate_rps = self._access.max_rate_rps
        if max_rate_rps is not None:
            count = min(count, max(1, int(max_rate_rps)))
        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            sends = [
                group.create_task(self._send(url, template, due, ledger, _user_of(template, users, index)))
                for index, template in enumerate(choose_templates(templates, count, seed))
            ]
        block = block_of((send.result() for send in sends), duration_s=time.perf_counter() - due)
        if max_rate_rps is not None:
            await Pace().wait_until(due + count / max_rate_rps)
        # Nothing can send all requests of a burst in the same moment.
        return replace(block, void=None)

    async def saturate(
        self,
        url: str,
        templates: Sequence[RequestTemplate],
        *,
        clients: int,
        duration_s: float,
        seed: int,
        ledger: Ledger,
        users: Sequence[VirtualUser] = (),
    ) -> Block:
        """Let each of `clients` send requests one after the other, to keep the target busy or reach the highest rate.

        The block is void if the generator was too slow.
        """
        chosen = iter(enumerate(cycle(choose_templates(templates, _CHOICES, seed))))
        start, cpu_start_s = time.perf_counter(), time.process_time()
        outcomes: list[Outcome] = []

        pace = Pace()
        next_due = _paced(self._access.max_rate_rps)

        async def send_until_the_end() -> None:
            while (due := next_due()) < start + duration_s:
                await pace.wait_until(due)
                index, template = next(chosen)
                outcomes.append(await self._send(url, template, due, ledger, _user_of(template, users, index)))

        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(send_until_the_end())
        # The last answers arrive after the end, so the block lasts until then.
        taken_s = time.perf_counter() - start
        return block_of(outcomes, duration_s=taken_s, cpu_share=(time.process_time() - cpu_start_s) / taken_s)

    async def single(
        self, url: str, template: RequestTemplate, *, ledger: Ledger, users: Sequence[VirtualUser] = ()
    ) -> Outcome:
        """Send one request now, as the first user."""
        return await self._send(url, template, time.perf_counter(), ledger, _user_of(template, users, 0))

    async def stream(
        self, url: str, template: RequestTemplate, *, ledger: Ledger, users: Sequence[VirtualUser] = ()
    ) -> StreamedOutcome:
        """Send one request now, as the first user, and read its answer to the end; keep to the highest rate."""
        due = time.perf_counter()
        outcome, answer = await self._exchange(url, template, due, ledger, _user_of(template, users, 0))
        first_byte_s = answer.first_byte_s
        first_byte_ms = outcome.latency_ms if first_byte_s is None else (first_byte_s - due) * 1_000
        if self._access.max_rate_rps is not None:
            await Pace().wait_until(due + 1 / self._access.max_rate_rps)
        return StreamedOutcome(outcome, first_byte_ms, answer.size_bytes)

    async def _send(
        self, url: str, template: RequestTemplate, due: float, ledger: Ledger, user: VirtualUser | None
    ) -> Outcome:
        outcome, _ = await self._exchange(url, template, due, ledger, user)
        return outcome

    async def _exchange(
        self, url: str, template: RequestTemplate, due: float, ledger: Ledger, user: VirtualUser | None
    ) -> tuple[Outcome, TargetAnswer]:
        request = DueRequest(template, due, ledger, user)
        signature = self._access.reader.sign()
        answer = await ask(self._client, url, request.template, user, headers=signature)
        outcome = request.outcome(answer, timeout_s=self._timeout_s, host=self._host)
        self._access.reader.read(signature, answer.headers, outcome.latency_ms)
        return outcome, answer


def _user_of(template: RequestTemplate, users: Sequence[VirtualUser], index: int) -> VirtualUser | None:
    return None if template.anonymous or not users else users[index % len(users)]


def _paced(max_rate_rps: float | None) -> Callable[[], float]:
    """Return a function whose results are moments from now on, at this rate at most."""
    interval_s = 0.0 if max_rate_rps is None else 1 / max_rate_rps
    free_from = 0.0

    def next_due() -> float:
        nonlocal free_from
        due = max(time.perf_counter(), free_from)
        free_from = due + interval_s
        return due

    return next_due
