"""A project with a webapp.toml, and its verbs as processes of their own."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from webapp.compare.processes import bound_to_parent

CHECKOUT = Path(__file__).parents[3]
# A whole deploy, on a machine that has other things to do.
TIMEOUT_S = 240
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "HOME", "TMPDIR")

CONFIGURATION = """
project = "guestbook"
region = "us-east-1"
smoke_timeout_s = {smoke_timeout_s}

[stages.dev]
target = "{target}"

[stages.dev.parameters.lambda]
Shift = "AllAtOnce"

[stages.dev.parameters.load-balancer]
Domain = "guestbook.example.com"
CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"

[stages.staging]
target = "{target}"

[stages.staging.parameters.lambda]
Shift = "AllAtOnce"

[stages.staging.parameters.load-balancer]
Domain = "staging.example.com"
CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
"""


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
        """Run a verb and SIGKILL it at the first line with this in it; whether there was one."""
        with subprocess.Popen(
            bound_to_parent(self._argv(arguments)),
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if marker in line:
                    process.send_signal(signal.SIGKILL)
                    return True
        return False

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


def make_registry(aws: StandIn) -> None:
    """The stack that images can be pushed to, made by somebody else."""
    aws.client("cloudformation").create_stack(
        StackName="guestbook-registry",
        TemplateBody=(CHECKOUT / "deploy/foundation/registry.yaml").read_text(),
        Parameters=[{"ParameterKey": "Project", "ParameterValue": "guestbook"}],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "project", "Value": "guestbook"}, {"Key": "stage", "Value": "all"}],
    )
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName="guestbook-registry", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Makes the project's folder, for a target and the variables that lead to an AWS."""

    def make(environ: Mapping[str, str], *, target: str = "aws_lambda", smoke_timeout_s: float = 30) -> Project:
        directory = tmp_path / "project"
        directory.mkdir()
        (directory / "deploy").symlink_to(CHECKOUT / "deploy")
        (directory / "webapp.toml").write_text(CONFIGURATION.format(target=target, smoke_timeout_s=smoke_timeout_s))
        return Project(directory, environ)

    return make
