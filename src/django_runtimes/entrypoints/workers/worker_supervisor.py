"""Starts worker processes, replaces those that end, and passes SIGTERM on to them."""

import json
import os
import signal
import sys
import time

_READY = signal.SIGUSR1
_END = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS = frozenset({_READY, signal.SIGCHLD, *_END})
_STDERR = 2
# A worker that ends sooner probably fails at each start, for example because a secret cannot be read.
_SHORT_LIFE_S = 10.0
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0


class WorkerSupervisor:
    """Keeps `count` forked processes alive, and exits with the first one if that never becomes ready.

    The others start when the first one is ready, so that a mistake in the configuration is reported once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._started_s: dict[int, float] = {}
        # When each missing worker is to be started, in seconds of time.monotonic().
        self._due_s = [0.0]
        self._has_ready = False
        self._short_lives = 0

    def run(self) -> None:
        """Return in each worker; this process goes on until SIGTERM, and then raises SystemExit."""
        former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while not self._start_due():
            self._wait()
        signal.pthread_sigmask(signal.SIG_SETMASK, former)

    def _start_due(self) -> bool:
        """Fork the workers whose time has come; return True in a worker."""
        now_s = time.monotonic()
        due = [moment_s for moment_s in self._due_s if moment_s <= now_s]
        self._due_s = [moment_s for moment_s in self._due_s if moment_s > now_s]
        for _ in due:
            pid = os.fork()
            if pid == 0:
                return True
            self._started_s[pid] = now_s
        return False

    def _wait(self) -> None:
        if self._due_s:
            received = signal.sigtimedwait(_SIGNALS, max(0.0, min(self._due_s) - time.monotonic()))
        else:
            received = signal.sigwaitinfo(_SIGNALS)
        if received is None:
            return
        if received.si_signo in _END:
            self._end()
        if received.si_signo == _READY and not self._has_ready:
            self._has_ready = True
            self._due_s += [0.0] * (self._count - 1)
        # Signals that arrive together are delivered once.
        self._reap()

    def _reap(self) -> None:
        while self._started_s:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            # A process without a parent of its own may have become a child of this one.
            if (started_s := self._started_s.pop(pid, None)) is not None:
                self._replace(pid, os.waitstatus_to_exitcode(status), time.monotonic() - started_s)

    def _replace(self, pid: int, exit_code: int, lived_s: float) -> None:
        if not self._has_ready:
            sys.exit(exit_code if exit_code >= 0 else 128 - exit_code)
        self._short_lives = self._short_lives + 1 if lived_s < _SHORT_LIFE_S else 0
        delay_s = min(_FIRST_DELAY_S * 2 ** (self._short_lives - 1), _LONGEST_DELAY_S) if self._short_lives else 0.0
        self._due_s.append(time.monotonic() + delay_s)
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
        _log(f"worker process {pid} ended with {how}; another one starts in {delay_s:g} s")

    def _end(self) -> None:
        for pid in self._started_s:
            os.kill(pid, signal.SIGTERM)
        # Lambda's SIGKILL ends the wait for a worker that does not end.
        for pid in self._started_s:
            os.waitpid(pid, 0)
        sys.exit(0)


def report_ready() -> None:
    """Tell the supervisor of this worker that it can serve."""
    os.kill(os.getppid(), _READY)


def _log(message: str) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"timestamp": moment, "level": "ERROR", "logger": __name__, "message": message})
    os.write(_STDERR, f"{line}\n".encode())
