"""The names of users and databases that `create_web_role` creates, where it does not quote every name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django_runtimes.config.values.data_paths import Engine


@dataclass(frozen=True)
class NameRule:
    """A pattern for whole names, and its sentence, which continues a name."""

    pattern: str
    sentence: str

    def accepts(self, name: str) -> bool:
        """Return whether the name can be created."""
        return re.fullmatch(self.pattern, name) is not None


# Oracle logs in with the name in upper case, so that a user must have a name without quotes.
_OF_ORACLE = NameRule(
    "[A-Za-z][A-Za-z0-9_]{0,29}",
    "must be a name of up to 30 letters, digits and underscores that starts with a letter, since it names a user of "
    "Oracle",
)
_OF_SQL_SERVER = NameRule(
    "[A-Za-z_][A-Za-z0-9_-]{0,127}",
    "must be a name of up to 128 letters, digits, hyphens and underscores that starts with a letter or an underscore, "
    "since it names something in SQL Server",
)

# Other engines quote every name, and refuse none that a template of the stages accepts.
USER_RULES: Mapping[Engine, NameRule] = {Engine.ORACLE: _OF_ORACLE, Engine.MSSQL: _OF_SQL_SERVER}
# Nothing is created on Oracle: the database is a service that exists.
DATABASE_RULES: Mapping[Engine, NameRule] = {Engine.MSSQL: _OF_SQL_SERVER}
