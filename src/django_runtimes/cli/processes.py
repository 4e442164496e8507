"""Starts child processes that cannot outlive their parent, and waits for them."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# Debian installs servers in sbin, which is not on the PATH of ordinary users.
_EXTRA_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin")

# If the parent is killed between its fork and setpriv, the kernel sends no signal, so the shell checks the parent.
# The shell's own variables are removed from the child's environment.
_UNLESS_ORPHANED = '[ "$PPID" = "$1" ] || exit 1; shift; unset PWD OLDPWD; exec "$@"'

NICENESS = 10


def find_program(name: str) -> str | None:
    """Return the path of an installed program, or None."""
    search_path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_EXTRA_DIRECTORIES))
    return shutil.which(name, path=search_path)


def server_account() -> pwd.struct_passwd | None:
    """Return the account for servers that refuse to run as root, or None if the caller is not root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def bound_to_parent(
    argv: Sequence[str],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    account: pwd.struct_passwd | None = None,
) -> list[str]:
    """Prefix `argv` so that the kernel sends `death_signal` when the starting thread ends.

    The signal follows the *thread* that forks, so start children from the main thread. Without
    util-linux (not Linux) the command is returned unchanged, and only orderly exits end the child.
    """
    setpriv = find_program("setpriv")
    if setpriv is None:
        return list(argv)
    prefix = [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG")]
    if account is not None:
        prefix += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return [*prefix, "--", "/bin/sh", "-c", _UNLESS_ORPHANED, "sh", str(os.getpid()), *argv]


def spawn(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    log: Path,
    death_signal: signal.Signals = signal.SIGKILL,
    account: pwd.struct_passwd | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, with its output appended to `log` and a higher niceness.

    The niceness keeps a caller that measures the child from waiting for it: in reality, both run on separate machines.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            bound_to_parent(argv, death_signal=death_signal, account=account),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            start_new_session=True,
        )
    # The child may have ended already.
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    return process


def stop(
    process: subprocess.Popen[bytes],
    *,
    first_signal: signal.Signals = signal.SIGTERM,
    grace_s: float = 5.0,
) -> None:
    """Stop a child: send a signal, wait for `grace_s`, then kill the rest of its process group."""
    if process.poll() is None:
        process.send_signal(first_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    _kill_group(process)
    process.wait()


def start_ticks(pid: int) -> str | None:
    """Return a process's start time in clock ticks since boot, or None if the process or /proc does not exist."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field, the command, may contain spaces and parentheses, so fields are counted after it.
    return stat.rpartition(")")[2].split()[19]


def wait_until(process: subprocess.Popen[bytes], ready: Callable[[], bool], *, timeout_s: float) -> bool:
    """Return whether the child becomes `ready` within `timeout_s`; False also if it ends first."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        if ready():
            return True
        time.sleep(0.01)
    return False


def cause(log: Path, count: int = 3) -> str:
    """Return why a child failed, on one line: the error in the last traceback of its log, or else the last lines."""
    if not log.exists():
        return "it wrote nothing"
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if error := _last_traceback_error(lines):
        return error
    return " | ".join(line.strip() for line in lines[-count:]) or "it wrote nothing"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # The id of a child that has been reaped stays reserved while its group has members. If a process has that id, the
    # kernel has reused it, and the group is another one's.
    if process.returncode is not None and _exists(process.pid):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _last_traceback_error(lines: Sequence[str]) -> str:
    error, in_traceback = "", False
    for line in lines:
        if line.startswith("Traceback (most recent call last)"):
            in_traceback = True
        elif in_traceback and not line.startswith(" "):
            error, in_traceback = line.strip(), False
    return error
