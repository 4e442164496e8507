"""Extends Django's command line with suggestions that include the verbs of `webapp`."""

import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from django import contrib
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility, find_commands, get_commands

from django_runtimes.cli.exit_codes import EXIT_USAGE

# Words that Django handles like commands.
_WORDS = ("help", "version")


class CommandLine(ManagementUtility):
    """Runs a command of Django or of the project's apps, and refuses an unknown one with a suggestion."""

    def __init__(self, argv: Sequence[str], *, verbs: Collection[str]) -> None:
        super().__init__(list(argv))
        self._verbs = verbs

    def fetch_command(self, subcommand: str) -> Any:
        """Return the command; exit with 2 if it does not exist."""
        if subcommand not in get_commands():
            if subcommand in self._verbs:
                _require_apps(subcommand)
            self._refuse(subcommand)
        return super().fetch_command(subcommand)

    def refuse_unknown(self) -> None:
        """Exit with 2 for an option before the command or a misspelt command; called if the settings do not load."""
        arguments = self.argv[2:3] if self.argv[1:2] == ["help"] else self.argv[1:2]
        if not arguments or arguments[0] in self._known():
            return
        if arguments[0].startswith("-"):
            self._refuse(arguments[0])
        if meant := self._meant(arguments):
            # Without settings only Django's own commands are known.
            is_certain = arguments[0].lower() == meant[1]
            self._refuse(arguments[0], "" if is_certain else " The project's own commands need its settings.")

    def _known(self) -> set[str]:
        return {*self._verbs, *get_commands(), *_WORDS, *(() if settings.configured else _djangos_commands())}

    def _words(self, argument: str) -> list[str]:
        """Return the words that may be the command: the argument, or every word if the argument is an option."""
        return [word for word in self.argv[1:] if not word.startswith("-")] if argument.startswith("-") else [argument]

    def _meant(self, words: Iterable[str]) -> tuple[str, str] | None:
        """Return the first word that is a command, or else the first misspelt one, and the command that it means."""
        known = self._known()
        exact = [(word, word) for word in words if word in known]
        close = ((word, meant) for word in words for meant in get_close_matches(word.lower(), known, n=1))
        return exact[0] if exact else next(close, None)

    def _refuse(self, argument: str, addition: str = "") -> NoReturn:
        meant = self._meant(self._words(argument))
        is_option = argument.startswith("-")
        if meant is None:
            remedy = "options follow a command (see `webapp help`)" if is_option else "`webapp help` lists the commands"
            complaint = f"{argument!r} is not a command; {remedy}"
        else:
            word, command = meant
            complaint = f"{word!r} is not a command; did you mean {command}?"
            if is_option:
                others = self.argv[1:]
                others.remove(word)
                order = shlex.join(["webapp", command, *others])
                complaint = (
                    f"{argument!r} comes before the command; options follow it: {order}"
                    if word == command
                    else f"{complaint} Options follow it: {order}"
                )
        sys.stderr.write(f"webapp: {complaint}{addition}\n")
        raise SystemExit(EXIT_USAGE)


def _djangos_commands() -> Iterator[str]:
    """Yield the commands of all apps in django.contrib, for use when no settings list the installed apps."""
    for directory in Path(contrib.__path__[0]).iterdir():
        yield from find_commands(str(directory / "management"))


def _require_apps(command: str) -> NoReturn:
    """Exit with 2 if the library's apps are not installed; raise ImproperlyConfigured without settings."""
    if not settings.configured:
        raise ImproperlyConfigured(f"{command} is a command of an app, and no settings name the apps")
    sys.stderr.write(
        f"webapp: {command!r} is a command of this library's apps, which INSTALLED_APPS lacks; "
        "write at the end of the settings: from django_runtimes import configure; configure(globals())\n"
    )
    raise SystemExit(EXIT_USAGE)
