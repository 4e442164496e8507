"""The Locust file of a comparison: the same workload from several machines (docs/compare.md)."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import gevent
import locust
from gevent.queue import Queue
from locust import User, events, runners
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from django_runtimes.cli.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.deployed_options import read_measurement_key
from django_runtimes.compare.distributed.block_master import BlockMaster, wait_for_users
from django_runtimes.compare.distributed.block_message import BLOCK, REPORT, BlockCommand, BlockReport
from django_runtimes.compare.distributed.block_worker import BlockWorker
from django_runtimes.compare.distributed.key_proof import CHALLENGE, PROOF, key_proof
from django_runtimes.compare.distributed.locust_options import add_options, ask_for_blocks, plan_of_options
from django_runtimes.compare.load.block import Outcome
from django_runtimes.compare.run.output import choose_directory
from django_runtimes.compare.workload.workload import RequestTemplate

# Locust gives up a worker that has been silent for this many seconds, 3 by default. A worker on a busy machine may be
# silent for longer while it prepares its clients; a block that it does not report ends the run anyway.
runners.HEARTBEAT_LIVENESS = 60

_commands: "Queue[BlockCommand]" = Queue()


class OpenLoopUser(User):  # type: ignore[misc]  # Locust is not installed where types are checked
    """Sends the blocks of the master when their requests are due; each worker runs one."""

    def on_start(self) -> None:
        """Prepare the worker's clients, users and keys, which it keeps from block to block."""
        self._worker = BlockWorker(self._note, read_measurement_key(os.environ))

    def send_block(self) -> None:
        """Wait for the next block, send it and report it."""
        report = self._worker.run(_commands.get())
        self.environment.runner.send_message(REPORT, report.message())

    def _note(self, template: RequestTemplate, outcome: Outcome) -> None:
        self.environment.events.request.fire(
            request_type=template.method,
            name=template.name,
            response_time=outcome.latency_ms,
            response_length=0,
            exception=None if outcome.ok else RuntimeError(outcome.error),
            context={},
        )


def _add_options(parser: Any) -> None:
    add_options(parser)


def _prepare(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        _prepare_worker(environment.runner)
    elif isinstance(environment.runner, MasterRunner):
        _prepare_master(environment, environment.runner)
    else:
        _exit("run Locust with --master and --worker; a single process is what webapp compare is for", code=EXIT_USAGE)


def _prepare_worker(runner: WorkerRunner) -> None:
    try:
        key = read_measurement_key(os.environ)
    except UsageError as error:
        _exit(str(error), code=EXIT_USAGE)
    runner.register_message(BLOCK, _take)
    runner.register_message(
        CHALLENGE, lambda msg, **_: runner.send_message(PROOF, {"proof": key_proof(key, msg.data["challenge"])})
    )


def _take(msg: Any, **_: Any) -> None:
    _commands.put(BlockCommand.of_message(msg.data))


def _prepare_master(environment: Environment, runner: MasterRunner) -> None:
    options: Any = environment.parsed_options
    try:
        plan = plan_of_options(options)
        directory = choose_directory(None if options.output is None else Path(options.output), Path.cwd())
        ask_for_blocks(plan, yes=options.yes)
    except UsageError as error:
        _exit(str(error), code=EXIT_USAGE)
    except ToolError as error:
        _exit(str(error), code=EXIT_FAILED)
    # Each worker needs exactly one user.
    options.num_users = options.spawn_rate = options.expect_workers
    master = BlockMaster(plan, headers=options.header, send=runner.send_message, say=_say)
    runner.register_message(PROOF, lambda msg, **_: master.receive_proof(msg.data["proof"]))
    runner.register_message(REPORT, lambda msg, **_: master.receive(BlockReport.of_message(msg.data)))

    published: list[Path] = []

    def publish() -> None:
        published.append(directory)
        run = master.publish(directory, generator=_description(master.workers))
        sys.stderr.write(f"report: {directory / 'report.html'}\n")
        has_failed = any(target.status == "failed" for target in run.targets)
        environment.process_exit_code = EXIT_FAILED if has_failed else EXIT_DONE
        if not master.is_complete:
            environment.process_exit_code = EXIT_INTERRUPTED

    def measure() -> None:
        try:
            wait_for_users(lambda: [sum(each.user_classes_count.values()) for each in runner.clients.values()])
            workers = list(runner.clients)
            _say(f"workers: {len(workers)}, targets: {', '.join(str(each.name) for each in plan.deployed)}")
            master.check_keys(workers)
            master.run(workers)
            publish()
        except UsageError as error:
            _say(str(error))
            environment.process_exit_code = EXIT_USAGE
        except ToolError as error:
            _say(str(error))
            environment.process_exit_code = EXIT_FAILED
        runner.quit()

    def save_what_there_is(**_: Any) -> None:
        if master.has_begun and not published:
            publish()
        elif environment.process_exit_code is None:
            environment.process_exit_code = EXIT_INTERRUPTED

    environment.events.test_start.add_listener(lambda **_: gevent.spawn(measure))
    environment.events.quitting.add_listener(save_what_there_is)


def _description(workers: int) -> dict[str, Any]:
    return {"name": f"Locust {locust.__version__}", "workers": workers}


def _say(line: str) -> None:
    sys.stderr.write(f"webapp compare: {line}\n")


def _exit(complaint: str, *, code: int) -> NoReturn:
    _say(complaint)
    sys.exit(code)


OpenLoopUser.tasks = [OpenLoopUser.send_block]
events.init_command_line_parser.add_listener(_add_options)
events.init.add_listener(_prepare)
