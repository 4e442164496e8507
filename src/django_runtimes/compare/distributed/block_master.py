"""Sends blocks to all workers in rounds, merges their measurements and writes the report."""

import itertools
import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
from gevent.queue import Empty, Queue

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.diagnosis.masking import masked
from django_runtimes.compare.distributed.block_message import BLOCK, BlockCommand, BlockReport, merged_block
from django_runtimes.compare.distributed.key_proof import CHALLENGE, check_proofs
from django_runtimes.compare.distributed.timed_report import in_time_order
from django_runtimes.compare.load.block import TIMEOUT_S, Block
from django_runtimes.compare.meters.other_load import OtherLoad, measure_other_load
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.record.results import Ambiguous, Run, TargetResult
from django_runtimes.compare.record.sampled_connections import SampledConnections
from django_runtimes.compare.run.deployed_subjects import deployed_subjects, read_cloudwatch
from django_runtimes.compare.run.output import publish
from django_runtimes.compare.run.phases.block_durations import SteadyKey
from django_runtimes.compare.run.phases.steady_load import lacking
from django_runtimes.compare.run.run_record import record_environment
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.run.subject_steps import check_wrong_share
from django_runtimes.compare.workload.workload import Scenario

# A worker logs in its users before its first block.
_LOGIN_S = 60.0
_WARM_UP_S = 1.0
_NO_CONNECTIONS = SampledConnections(0, 0.0, 0)
# Workers answer at once; a busy machine needs longer.
_PROOF_S = 30.0

# Sends a message of this type and content to the worker with this identifier.
SendMessage = Callable[[str, dict[str, Any], str], None]


class BlockMaster:
    """Measures the plan's deployed targets with the workers that are connected when `run` begins."""

    def __init__(
        self, plan: ComparisonPlan, *, headers: Sequence[str], send: SendMessage, say: Callable[[str], None]
    ) -> None:
        """`headers` are the texts of --header, which each worker fills in itself; `say` shows a line of progress."""
        self._plan = plan
        self._headers = tuple(headers)
        self._send = send
        self._say = say
        self._run_id = secrets.token_hex(4)
        self._order = random.Random(f"order {self._run_id}")  # noqa: S311 - no secret
        self._numbers = itertools.count()
        self._reports: Queue[BlockReport] = Queue()
        self._proofs: Queue[str] = Queue()
        self._workers: tuple[str, ...] = ()
        self._writes: dict[str, dict[int, BlockReport]] = {}
        self._subjects = deployed_subjects(plan, self._run_id)
        self._other_load = OtherLoad(0.0, 0, ())
        self._started = datetime.now(UTC)
        self.has_begun = self.is_complete = False

    @property
    def workers(self) -> int:
        """The number of workers that the run began with."""
        return len(self._workers)

    def receive(self, report: BlockReport) -> None:
        """Take a worker's report."""
        self._reports.put(report)

    def receive_proof(self, proof: str) -> None:
        """Take a worker's answer to the challenge of `check_keys`."""
        self._proofs.put(proof)

    def check_keys(self, workers: Sequence[str]) -> None:
        """Raise UsageError unless master and workers have the same measurement key, or none."""
        challenge = secrets.token_hex(16)
        for client_id in workers:
            self._send(CHALLENGE, {"challenge": challenge}, client_id)
        try:
            proofs = [self._proofs.get(timeout=_PROOF_S) for _ in workers]
        except Empty:
            raise CompareError(
                f"a worker did not answer in {_PROOF_S:g} s; check that it has the master's version of the library"
            ) from None
        check_proofs(self._plan.measurement_key, challenge, proofs)

    def run(self, workers: Sequence[str]) -> None:
        """Measure until every target has enough valid pairs of blocks, or has failed."""
        self._workers = tuple(workers)
        self._other_load, self._started = measure_other_load(), datetime.now(UTC)
        self.has_begun = True
        keys = self._keys
        for key in keys:
            for subject in self._having(key):
                # Connections, logins and caches of the first requests belong to no block.
                self._attempt(subject, key, None, _WARM_UP_S)
        for subject in self._subjects:
            subject.begin_steady(subject.reported_opens)
        # A target that is always late must not keep the run from ending.
        for index in range(2 * self._plan.pairs):
            wanted = {key: lacking(self._having(key), key, self._plan.pairs) for key in keys}
            if not any(wanted.values()):
                break
            for key in self._order.sample(keys, len(keys)):
                for subject in self._order.sample(wanted[key], len(wanted[key])):
                    self._attempt(subject, key, index, self._plan.block_s)
            self._say(f"round {index + 1}: {self._plan.pairs} are planned, void blocks add more")
        self.is_complete = True

    def publish(self, directory: Path, *, generator: dict[str, Any]) -> Run:
        """Write run.json and the reports of the measurements so far; `generator` describes Locust and its workers."""
        for subject in self._subjects:
            subject.take_reports()
        read_cloudwatch(self._subjects, self._started)
        environment = record_environment(
            self._plan,
            run_id=self._run_id,
            other_load=self._other_load,
            rates_rps={name: self._plan.rates_rps[name] for name in self._scenarios},
            phases={},
            planned_blocks=self._plan.pairs * sum(len(self._having(key)) for key in self._keys),
            emulation=None,
            targets={str(subject.name): subject.details for subject in self._subjects},
            interrupted=not self.is_complete,
        )
        run = Run({**environment, "generator": generator}, tuple(self._result(each) for each in self._subjects))
        publish(run, directory)
        return run

    @property
    def _scenarios(self) -> list[Scenario]:
        return [scenario for scenario in self._plan.workload.scenarios if scenario in self._plan.rates_rps]

    @property
    def _keys(self) -> list[SteadyKey]:
        return [(scenario, rate) for scenario in self._scenarios for rate in self._plan.rates_rps[scenario]]

    def _having(self, key: SteadyKey) -> list[Subject]:
        return [each for each in self._subjects if key[0] in each.scenarios(self._plan.workload)]

    def _attempt(self, subject: Subject, key: SteadyKey, index: int | None, duration_s: float) -> None:
        """Send a block; without an index it is not counted. Errors fail the subject."""
        if subject.failure is not None:
            return
        try:
            if index is not None:
                subject.opens.read(subject.reported_opens, key)
            block, connections = self._block(subject, key, duration_s)
            if index is not None:
                subject.add(key, index, block, connections)
            subject.target.check_running()
            if index is not None:
                check_wrong_share(subject)
        except CompareError as error:
            subject.failure = str(error)
        else:
            if index is None and block.sent and not block.ok:
                reasons = block.first_wrong or ", ".join(block.errors)
                subject.failure = f"no answer to the first requests was as expected: {reasons}"

    def _block(self, subject: Subject, key: SteadyKey, duration_s: float) -> tuple[Block, SampledConnections]:
        scenario, rate_rps = key
        number = next(self._numbers)
        for worker, client_id in enumerate(self._workers):
            command = BlockCommand(
                number=number,
                worker=worker,
                run_id=self._run_id,
                target=str(subject.name),
                target_index=self._subjects.index(subject),
                url=subject.target.url,
                headers=self._headers,
                requests=subject.of_scenario(self._plan.workload, scenario),
                session=self._plan.workload.session,
                # Independent Poisson processes add up to one with the sum of their rates.
                rate_rps=rate_rps / len(self._workers),
                duration_s=duration_s,
                seed=int(self._run_id, 16) + number * len(self._workers) + worker,
            )
            self._send(BLOCK, command.message(), client_id)
        reports = self._collect(number, time.monotonic() + duration_s + TIMEOUT_S + _LOGIN_S)
        self._writes.setdefault(str(subject.name), {}).update({each.worker: each for each in reports})
        if error := next((each.error for each in reports if each.error is not None), None):
            raise CompareError(error)
        connections = _add_reports(subject, reports)
        return merged_block([each.block for each in reports if each.block is not None]), connections

    def _collect(self, number: int, deadline_s: float) -> list[BlockReport]:
        """Return the reports of all workers on a block; raise CompareError when one does not answer."""
        reports: dict[int, BlockReport] = {}
        while len(reports) < len(self._workers):
            try:
                report = self._reports.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except Empty:
                missing = len(self._workers) - len(reports)
                raise CompareError(
                    f"{missing} of {len(self._workers)} workers did not report a block; check their logs, and that "
                    "each runs one user"
                ) from None
            if report.number == number:
                reports[report.worker] = report
        return list(reports.values())

    def _result(self, subject: Subject) -> TargetResult:
        result = subject.result()
        writes = self._writes.get(str(subject.name), {}).values()
        secret_values = frozenset() if subject.deployment is None else subject.deployment.secrets
        return replace(
            result,
            error=None if subject.failure is None else masked(subject.failure, secret_values),
            acknowledged_writes=sum(each.acknowledged for each in writes),
            ambiguous=Ambiguous(sum(each.ambiguous for each in writes), None),
        )


def _add_reports(subject: Subject, reports: Sequence[BlockReport]) -> SampledConnections:
    """Add the processes' reports to the workers, and return the connections that they held in the block."""
    if subject.deployment is None:
        return _NO_CONNECTIONS
    window = subject.deployment.reports.window()
    for report in in_time_order(each.reports for each in reports):
        subject.deployment.reports.add(report.facts, report.latency_ms)
    return window.connections


def wait_for_users(counts: Callable[[], Sequence[int]], timeout_s: float = 60.0) -> None:
    """Wait until every worker runs a user; raise CompareError when that takes too long."""
    deadline_s = time.monotonic() + timeout_s
    while not counts() or min(counts()) < 1:
        if time.monotonic() > deadline_s:
            raise CompareError("a worker runs no user; start Locust with as many users as workers")
        gevent.sleep(0.1)
