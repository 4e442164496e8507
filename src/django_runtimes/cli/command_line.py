"""Django's command line, which knows this project's verbs beside Django's commands."""

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

# Django's, which are no commands of their own.
_WORDS = ("help", "version")


class CommandLine(ManagementUtility):
    """Runs one command of Django's or of the project's apps; an unknown one is refused with what is meant."""

    def __init__(self, argv: Sequence[str], *, verbs: Collection[str]) -> None:
        super().__init__(list(argv))
        self._verbs = verbs

    def fetch_command(self, subcommand: str) -> Any:
        """Django's; exits with 2 for a command that does not exist."""
        if subcommand not in get_commands():
            if subcommand in self._verbs:
                _require_apps(subcommand)
            self._refuse(subcommand)
        return super().fetch_command(subcommand)

    def refuse_unknown(self) -> None:
        """Where the settings do not load: exit with 2 for an option, and for a word that is close to a command."""
        arguments = self.argv[2:3] if self.argv[1:2] == ["help"] else self.argv[1:2]
        if not arguments or arguments[0] in self._known():
            return
        if arguments[0].startswith("-"):
            self._refuse(arguments[0])
        if meant := self._meant(arguments):
            # Without settings the known commands are Django's.
            is_certain = arguments[0].lower() == meant[1]
            self._refuse(arguments[0], "" if is_certain else " A command of the project's own needs its settings.")

    def _known(self) -> set[str]:
        return {*self._verbs, *get_commands(), *_WORDS, *(() if settings.configured else _djangos_commands())}

    def _words(self, argument: str) -> list[str]:
        """What may be the command: the argument, or what follows an option in its place."""
        return [word for word in self.argv[1:] if not word.startswith("-")] if argument.startswith("-") else [argument]

    def _meant(self, words: Iterable[str]) -> tuple[str, str] | None:
        """The first of the words that is a command, else the first that is close to one; and that command."""
        known = self._known()
        exact = [(word, word) for word in words if word in known]
        close = ((word, meant) for word in words for meant in get_close_matches(word.lower(), known, n=1))
        return exact[0] if exact else next(close, None)

    def _refuse(self, argument: str, addition: str = "") -> NoReturn:
        meant = self._meant(self._words(argument))
        is_option = argument.startswith("-")
        if meant is None:
            remedy = "options follow one, and `webapp help` lists them" if is_option else "`webapp help` lists them"
            complaint = f"{argument!r} is not a command; {remedy}"
        else:
            word, command = meant
            complaint = f"{word!r} is not a command; did you mean {command}?"
            if is_option:
                others = self.argv[1:]
                others.remove(word)
                order = shlex.join(["webapp", command, *others])
                complaint = (
                    f"{argument!r} stands before the command; options follow it: {order}"
                    if word == command
                    else f"{complaint} Options follow it: {order}"
                )
        sys.stderr.write(f"webapp: {complaint}{addition}\n")
        raise SystemExit(EXIT_USAGE)


def _djangos_commands() -> Iterator[str]:
    """The commands of Django's own apps, which are meant often where no settings say what is installed."""
    for directory in Path(contrib.__path__[0]).iterdir():
        yield from find_commands(str(directory / "management"))


def _require_apps(command: str) -> NoReturn:
    """Exit with 2 where the library's apps are missing; ImproperlyConfigured where no settings say which there are."""
    if not settings.configured:
        raise ImproperlyConfigured(f"{command} is a command of an app, and no settings name the apps")
    sys.stderr.write(
        f"webapp: {command!r} is a command of this library's apps, which INSTALLED_APPS lacks; "
        "write at the end of the settings: from django_runtimes import configure; configure(globals())\n"
    )
    raise SystemExit(EXIT_USAGE)
