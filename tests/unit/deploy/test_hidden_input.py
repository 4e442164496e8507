"""A terminal never shows a hidden answer, however early it is typed."""

import io
import os
import pty
import sys
import termios

import pytest

from django_runtimes.deploy.hidden_input import ask_hidden_line


class HastyUser(io.StringIO):
    """Standard error that a user reads, who types the answer at once; `echoes` has the terminal's echo at each text."""

    def __init__(self, terminal: int, descriptor: int) -> None:
        super().__init__()
        self.echoes: list[tuple[str, bool]] = []
        self._terminal = terminal
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        self.echoes.append((text, bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)))
        if text.endswith(": "):
            os.write(self._terminal, b"correct horse\n")
        return super().write(text)


def test_the_echo_is_off_before_the_question_appears(monkeypatch: pytest.MonkeyPatch):
    terminal, descriptor = pty.openpty()
    user = HastyUser(terminal, descriptor)
    try:
        with os.fdopen(descriptor, closefd=False) as standard_input, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", standard_input)
            patch.setattr(sys, "stderr", user)
            answer = ask_hidden_line("Password: ")
    finally:
        os.close(terminal)
        os.close(descriptor)

    assert answer == "correct horse"
    assert user.echoes == [("Password: ", False), ("\n", True)]
