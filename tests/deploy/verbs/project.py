"""Runs verbs as separate processes in a folder with a webapp.toml, and kills or interrupts them on request."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.processes import bound_to_parent
from tests.deploy.standin.standin import StandIn
from tests.terminal import TerminalSession, answer_at_terminal

# Enough for a whole deploy on a busy machine.
TIMEOUT_S = 600
PAUSE_S = 0.05
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "HOME", "TMPDIR")


@dataclass(frozen=True)
class KillPoint:
    """The point at which to kill a verb: before or after a call to AWS that contains certain words takes effect."""

    action: str
    about: str
    done: bool

    def __str__(self) -> str:
        return f"{'after' if self.done else 'before'} {self.action} {self.about}"


def before(action: str, about: str) -> KillPoint:
    return KillPoint(action, about, done=False)


def after(action: str, about: str) -> KillPoint:
    return KillPoint(action, about, done=True)


class Project:
    """A folder in which verbs run."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = {**{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}, **environ}

    def set_smoke_timeout(self, timeout_s: int) -> None:
        """Set how long the smoke test waits; a short timeout saves waiting for pages that never answer."""
        path = self.directory / "webapp.toml"
        path.write_text(re.sub(r"smoke_timeout_s = \d+", f"smoke_timeout_s = {timeout_s}", path.read_text()))

    def run(self, *arguments: str, exit_code: int | None = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, and assert its exit code if one is given."""
        ended = subprocess.run(
            self._argv(arguments),
            cwd=self.directory,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert exit_code is None or ended.returncode == exit_code, ended.stdout + ended.stderr
        return ended

    def answer(self, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb at a terminal, and type the text."""
        terminal, standard_input = pty.openpty()
        try:
            os.write(terminal, text.encode())
            return subprocess.run(
                self._argv(arguments),
                cwd=self.directory,
                env=self.environ,
                stdin=standard_input,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        finally:
            os.close(terminal)
            os.close(standard_input)

    def pipe(self, given: str | bytes, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a verb whose standard input is a pipe with this content, and assert its exit code."""
        ended = subprocess.run(
            self._argv(arguments),
            cwd=self.directory,
            env=self.environ,
            input=given.encode() if isinstance(given, str) else given,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        output, errors = ended.stdout.decode(), ended.stderr.decode()
        assert ended.returncode == exit_code, output + errors
        assert "Traceback" not in errors, errors
        return subprocess.CompletedProcess(ended.args, ended.returncode, output, errors)

    def type_hidden(self, answers: str, *arguments: str) -> TerminalSession:
        """Run a verb at a terminal, and type each line of the answers at its next question."""
        return answer_at_terminal(self._argv(arguments), answers, environ=self.environ, directory=self.directory)

    def json(self, *arguments: str, exit_code: int | None = 0) -> dict[str, Any]:
        """Run a verb with --json and return its output."""
        content: dict[str, Any] = json.loads(
            self.run(arguments[0], "--json", *arguments[1:], exit_code=exit_code).stdout
        )
        assert content["schema"] == 1
        assert content["verb"] == arguments[0]
        return content

    def error(self, *arguments: str, exit_code: int = 1, **environ: str) -> str:
        """Run a verb that fails, and return its last line."""
        ended = self.run(*arguments, exit_code=exit_code, **environ)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stderr.splitlines()[-1]

    def kill_at(self, marker: str, *arguments: str) -> bool:
        """Run a verb, SIGKILL it and its children when it writes the marker, and return whether it wrote the marker."""
        with subprocess.Popen(
            bound_to_parent(self._argv(arguments)),
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if marker in line:
                    os.killpg(process.pid, signal.SIGKILL)
                    return True
        return False

    def kill_in(self, aws: StandIn, call: KillPoint, *arguments: str) -> None:
        """Run a verb and SIGKILL it during a call to AWS."""
        aws.hold(call.action, call.about, done=call.done)
        log = self.directory / "killed.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                bound_to_parent(self._argv(arguments)),
                cwd=self.directory,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            while process.poll() is None and not aws.is_held():
                time.sleep(PAUSE_S)
            ended = process.returncode
            process.kill()
        aws.release()
        assert ended is None, f"{arguments} ended without reaching {call}:\n{log.read_text()}"

    def signal_at(self, number: signal.Signals, marker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb and send it a signal at the first line with the marker."""
        with subprocess.Popen(
            self._argv(arguments),
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # The test runner's parent may have set the signal to be ignored.
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            lines = []
            for line in process.stderr:
                lines.append(line)
                if marker in line:
                    process.send_signal(number)
                    break
            # A verb that writes several of these lines before the signal reaches it gets no second one.
            lines += process.stderr
            output = process.stdout.read()
        return subprocess.CompletedProcess(arguments, process.returncode, output, "".join(lines))

    def first_line(self, *arguments: str) -> tuple[str, int]:
        """Return the first line of a verb that keeps running, and its exit code after Ctrl-C."""
        with subprocess.Popen(
            bound_to_parent(self._argv(arguments)),
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        return line, process.returncode

    def _argv(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "webapp", *arguments]
