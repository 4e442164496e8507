"""Text is printed as it is, by every console of the source."""

import ast
import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from django_runtimes.cli.literal_console import literal_console, plain_unless_terminal
from django_runtimes.cli.progress import Progress

SOURCE = Path(__file__).parents[3] / "src"
FACTORY = SOURCE / "django_runtimes/cli/literal_console.py"

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-a1B2c3"
TEXTS = [ARN, "role:key:a:b:", "[red]no markup[/red] [stages.dev]"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal()


def table_of(text: str) -> Table:
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    return table


@pytest.mark.parametrize("text", TEXTS)
def test_consoles_print_text_and_tables_literally(text: str):
    log = io.StringIO()
    consoles = [literal_console(log, soft_wrap=True), plain_unless_terminal(literal_console(log), 100)]

    for console in consoles:
        console.print(text)
        console.print(table_of(text), width=100)

    assert log.getvalue().count(text) == 8


@pytest.mark.parametrize("text", TEXTS)
def test_progress_prints_lines_phases_bars_and_status_literally(text: str, terminal: Terminal):
    progress = Progress(terminal)

    def printed() -> str:
        output = terminal.getvalue()
        terminal.seek(0)
        terminal.truncate()
        return output

    progress.say(text)
    assert text in printed()
    progress.begin(text)
    assert text in printed()
    with progress.waiting(text):
        pass
    assert text in printed()
    with progress:
        progress.begin(text, steps=2)
        progress.advance()
    assert text in printed()


def test_a_log_has_a_fixed_width_and_a_terminal_its_own(terminal: Terminal):
    console = literal_console(terminal)

    assert plain_unless_terminal(console, 90) is console
    assert plain_unless_terminal(literal_console(io.StringIO()), 90).width == 90


def test_one_module_creates_all_consoles():
    creators = {
        path
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == Console.__name__
    }

    assert creators == {FACTORY}
