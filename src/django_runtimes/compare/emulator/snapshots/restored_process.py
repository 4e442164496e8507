"""A process of the function that was restored from a snapshot; it is no child of this process."""

import contextlib
import os
import signal
from pathlib import Path

# The field of /proc/PID/stat with the status that wait() would return.
_EXIT_CODE = -1


class RestoredProcess:
    """The interface of subprocess.Popen, as far as an execution environment uses it.

    The process that was forked from is its parent, and reaps it only when it ends itself. Until then the process id is
    not reused.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def terminate(self) -> None:
        """Send SIGTERM."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Return the exit code of a process that has ended; negative for a signal, as subprocess does."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return -signal.SIGKILL
        return os.waitstatus_to_exitcode(int(stat.rpartition(")")[2].split()[_EXIT_CODE]))
