"""Creates every rich console, so that text from projects, AWS and databases is printed as it is."""

from typing import IO

from rich.console import Console


def literal_console(file: IO[str] | None = None, *, soft_wrap: bool = False) -> Console:
    """Return a console for a file (standard output by default) that gives no meaning to `[red]` or `:secret:`.

    rich would print the second as an emoji, and it is part of every secret's ARN.
    """
    return Console(file=file, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False)


def plain_unless_terminal(console: Console, width: int) -> Console:
    """Return the console if it is a terminal, or else one of this width without colors: a log has no width."""
    if console.is_terminal:
        return console
    return Console(file=console.file, width=width, color_system=None, markup=False, emoji=False, highlight=False)
