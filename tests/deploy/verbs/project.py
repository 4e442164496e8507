"""A folder with a webapp.toml, and the verbs in it as processes of their own, some of which are killed."""

import json
import os
import pty
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

# A whole deploy, on a machine that has other things to do.
TIMEOUT_S = 240
PAUSE_S = 0.05
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "HOME", "TMPDIR")


@dataclass(frozen=True)
class Call:
    """A moment of a verb: a call of AWS with certain words in it, before it is done or once it is."""

    action: str
    about: str
    done: bool

    def __str__(self) -> str:
        return f"{'after' if self.done else 'before'} {self.action} {self.about}"


def before(action: str, about: str) -> Call:
    return Call(action, about, done=False)


def after(action: str, about: str) -> Call:
    return Call(action, about, done=True)


class Project:
    """A folder to run verbs in."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = {**{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}, **environ}

    def run(self, *arguments: str, exit_code: int | None = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """One verb to its end; its exit code has to be this one, if one is given."""
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
        """One verb at whose terminal somebody types the text."""
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

    def json(self, *arguments: str, exit_code: int | None = 0) -> dict[str, Any]:
        """What a verb says to programs."""
        content: dict[str, Any] = json.loads(
            self.run(arguments[0], "--json", *arguments[1:], exit_code=exit_code).stdout
        )
        assert content["schema"] == 1
        assert content["verb"] == arguments[0]
        return content

    def error(self, *arguments: str, exit_code: int = 1, **environ: str) -> str:
        """The last line of a verb that fails."""
        ended = self.run(*arguments, exit_code=exit_code, **environ)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stderr.splitlines()[-1]

    def kill_at(self, marker: str, *arguments: str) -> bool:
        """Run a verb and SIGKILL it, with what it has started, at the first such line; whether there was one."""
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

    def kill_in(self, aws: StandIn, call: Call, *arguments: str) -> None:
        """Run a verb and SIGKILL it in the midst of a call of AWS."""
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
        assert ended is None, f"{arguments} ended without a moment {call}:\n{log.read_text()}"

    def end_by(self, number: signal.Signals, marker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb and send it a signal at the first line with this in it."""
        with subprocess.Popen(
            self._argv(arguments),
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests may ignore some.
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            lines = []
            for line in process.stderr:
                lines.append(line)
                if marker in line:
                    process.send_signal(number)
            output = process.stdout.read()
        return subprocess.CompletedProcess(arguments, process.returncode, output, "".join(lines))

    def first_line(self, *arguments: str) -> tuple[str, int]:
        """The first line of a verb that goes on, and its exit code after Ctrl-C."""
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
