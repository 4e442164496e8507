"""A request that needs more memory than the container has."""

import http.client
import json
import threading
import time
from contextlib import ExitStack

import pytest

from tests.faults.figures.trials import Trial
from tests.image.faults.parts.serving import Conversation, ask, serving

_CONVERSATIONS = 12
_RATE_RPS = 20
_SERVED_AT_LEAST = 10
# Far longer than a worker's start takes on a busy machine.
_TIMEOUT_S = 120


@pytest.mark.fault(22, "out of memory", "aws_ecs", has_durations=True)
def test_only_the_worker_that_runs_out_of_memory_fails_and_is_replaced(trial: Trial, image, database_url, log) -> None:
    least = {"killed": 1, "served_elsewhere": _SERVED_AT_LEAST, "replaced": 1}
    # On a busy machine the kernel frees the victim's memory so slowly that it may kill the other worker too.
    limits = {"failed_elsewhere": 0, "replaced_s": 5.0} if trial.judges_durations else {}
    with (
        trial.judged(least=least, **limits),
        serving(image, database_url, log, workers=2, memory="512m") as container,
    ):
        for _ in trial.repetitions:
            with ExitStack() as stack:
                conversations = _with_both_workers(container.url, stack)
                victim = conversations[0][1]
                others = [conversation for conversation, process in conversations if process != victim]
                bystander = _Bystander(others)
                bystander.start()
                bystander.wait_until_served(_SERVED_AT_LEAST)
                try:
                    conversations[0][0].ask("/faults/allocate/800")
                    killed = 0
                except (OSError, http.client.HTTPException):
                    killed = 1
                died_s = time.monotonic()
                known = {process for _, process in conversations}
                replaced_s = _wait_for_another(container.url, known) - died_s
                bystander.end()
            trial.note(
                killed=killed,
                served_elsewhere=bystander.served,
                failed_elsewhere=bystander.failed,
                replaced=replaced_s < float("inf"),
                replaced_s=replaced_s,
            )


class _Bystander(threading.Thread):
    """Sends 20 requests per second to the other worker.

    With more requests, that worker might need memory just while the kernel frees the victim's memory, and become a
    victim itself.
    """

    def __init__(self, conversations: list[Conversation]) -> None:
        super().__init__()
        self.served = self.failed = 0
        self._conversations = conversations
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            for conversation in list(self._conversations):
                try:
                    status, _ = conversation.ask("/faults/process")
                    self.served += status == 200
                    self.failed += status != 200
                except (OSError, http.client.HTTPException):
                    self.failed += 1
                    self._conversations.remove(conversation)
                time.sleep(1 / _RATE_RPS)

    def wait_until_served(self, count: int) -> None:
        """Wait until the other worker has answered this many requests, or one has failed."""
        deadline = time.monotonic() + _TIMEOUT_S
        while self.served < count and not self.failed and time.monotonic() < deadline:
            time.sleep(0.02)

    def end(self) -> None:
        self._ended.set()
        self.join()


def _with_both_workers(url: str, stack: ExitStack) -> list[tuple[Conversation, int]]:
    """Open connections until both workers have connections; return each connection with its worker's process ID."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        opened = [stack.enter_context(Conversation(url)) for _ in range(_CONVERSATIONS)]
        conversations = [(conversation, conversation.served_by()) for conversation in opened]
        if len({process for _, process in conversations}) == 2:
            return conversations
    raise TimeoutError("only one worker answers")


def _wait_for_another(url: str, known: set[int]) -> float:
    """Return the time at which a new worker answers, or infinity if none does within two minutes."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        status, body = ask(url, "/faults/process")
        if status == 200 and json.loads(body)["process"] not in known:
            return time.monotonic()
        time.sleep(0.02)
    return float("inf")
