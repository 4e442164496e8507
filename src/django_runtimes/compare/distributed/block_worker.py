"""Sends a worker's part of each block when its requests are due, without waiting for earlier answers."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence

import gevent

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.deployed.deployed_service import read_services
from django_runtimes.compare.deployed.request_headers import with_headers
from django_runtimes.compare.distributed.block_message import BlockCommand, BlockReport
from django_runtimes.compare.distributed.gevent_client import GeventClient
from django_runtimes.compare.distributed.report_collector import ReportCollector
from django_runtimes.compare.load.arrivals import choose_templates, poisson_arrivals
from django_runtimes.compare.load.block import Block, Outcome, block_of
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.workload.workload import RequestTemplate, Session

# Timers are accurate to about a millisecond, as in the built-in generator.
_TIMER_SLACK_S = 0.001_5

# Called with each request and its outcome, for Locust's own statistics.
OnOutcome = Callable[[RequestTemplate, Outcome], None]


class BlockWorker:
    """Sends blocks one after the other; it keeps the clients, users and written keys of each target."""

    def __init__(self, on_outcome: OnOutcome, measurement_key: str | None) -> None:
        """Without a key no request asks for a report."""
        self._on_outcome = on_outcome
        self._measurement_key = measurement_key
        self._collectors: dict[str, ReportCollector] = {}
        self._clients: dict[str, GeventClient] = {}
        self._users: dict[str, tuple[VirtualUser, ...]] = {}
        self._ledgers: dict[str, Ledger] = {}

    def run(self, command: BlockCommand) -> BlockReport:
        """Send the block and return its measurements, or the error that prevented it."""
        try:
            client, ledger = self._client(command), self._ledger(command)
            users = self._logged_in(command, client)
            block = self._send(command, client, ledger, users)
        except ToolError as error:
            return BlockReport(command.number, command.worker, error=str(error))
        return BlockReport(
            command.number,
            command.worker,
            block,
            acknowledged=ledger.acknowledged,
            ambiguous=ledger.ambiguous,
            reports=self._collector(command).reports,
        )

    def _client(self, command: BlockCommand) -> GeventClient:
        if command.target not in self._clients:
            # Each worker fills in the headers from its own environment, so that secrets are not sent to it.
            services = read_services([f"{command.target}={command.url}"])
            (service,) = with_headers(services, command.headers, os.environ)
            self._clients[command.target] = GeventClient(service.url, service.headers, self._collector(command))
        return self._clients[command.target]

    def _collector(self, command: BlockCommand) -> ReportCollector:
        return self._collectors.setdefault(command.target, ReportCollector(self._measurement_key))

    def _ledger(self, command: BlockCommand) -> Ledger:
        # Keys of different workers must differ.
        run_id = f"{command.run_id}-w{command.worker}"
        return self._ledgers.setdefault(command.target, Ledger(run_id, command.target_index))

    def _logged_in(self, command: BlockCommand, client: GeventClient) -> tuple[VirtualUser, ...]:
        if command.session is None:
            return ()
        if command.target not in self._users:
            users = asyncio.run(_make_users(command.session, client.host))
            client.log_in(users, command.session.steps)
            self._users[command.target] = users
        return self._users[command.target]

    def _send(self, command: BlockCommand, client: GeventClient, ledger: Ledger, users: Sequence[VirtualUser]) -> Block:
        offsets_s = poisson_arrivals(command.rate_rps, command.duration_s, command.seed)
        chosen = choose_templates(command.requests, len(offsets_s), command.seed)

        def send(template: RequestTemplate, due: float, user: VirtualUser | None) -> Outcome:
            outcome = client.send(template, due, ledger, user)
            self._on_outcome(template, outcome)
            return outcome

        start, cpu_start_s = time.perf_counter(), time.process_time()
        self._collector(command).start(start)
        sends = []
        for index, (offset_s, template) in enumerate(zip(offsets_s, chosen, strict=True)):
            _sleep_until(start + offset_s)
            user = None if template.anonymous or not users else users[index % len(users)]
            sends.append(gevent.spawn(send, template, start + offset_s, user))
        _sleep_until(start + command.duration_s)
        cpu_share = (time.process_time() - cpu_start_s) / (time.perf_counter() - start)
        gevent.joinall(sends, raise_error=True)
        return block_of([each.value for each in sends], duration_s=command.duration_s, cpu_share=cpu_share)


async def _make_users(session: Session, host: str) -> tuple[VirtualUser, ...]:
    # Their cookie jars need a running event loop.
    return tuple(VirtualUser(session, number, host=host) for number in range(1, len(session.users) + 1))


def _sleep_until(moment: float) -> None:
    remaining_s = moment - time.perf_counter()
    if remaining_s > _TIMER_SLACK_S:
        gevent.sleep(remaining_s - _TIMER_SLACK_S)
    while time.perf_counter() < moment:
        gevent.sleep(0)
