"""Django's command line, which knows this project's verbs beside Django's commands."""

import sys
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from django.core.management import ManagementUtility, get_commands

_EXIT_BAD_ARGUMENTS = 2


class CommandLine(ManagementUtility):
    """Runs one command of Django's or of the project's apps; an unknown one is refused with what is meant."""

    def __init__(self, argv: Sequence[str], *, verbs: Collection[str]) -> None:
        super().__init__(list(argv))
        self._verbs = verbs

    def fetch_command(self, subcommand: str) -> Any:
        """Django's; exits with 2 for a command that does not exist."""
        if subcommand not in get_commands():
            self._refuse(subcommand, "")
        return super().fetch_command(subcommand)

    def refuse_unknown(self) -> None:
        """Where the settings do not load: exit with 2 when the word is close to a command, and is none itself."""
        words = [word for word in self.argv[1:2] if not word.startswith("-")]
        # Without settings these are Django's own.
        if words and words[0] not in {*self._verbs, *get_commands()} and self._meant(words[0]):
            self._refuse(words[0], " A command of the project's own needs its settings.")

    def _meant(self, word: str) -> list[str]:
        return get_close_matches(word, [*self._verbs, *get_commands()], n=1)

    def _refuse(self, word: str, addition: str) -> NoReturn:
        meant = self._meant(word)
        remedy = f"did you mean {meant[0]}?" if meant else "`webapp help` lists them"
        sys.stderr.write(f"webapp: {word!r} is not a command; {remedy}{addition}\n")
        raise SystemExit(_EXIT_BAD_ARGUMENTS)
