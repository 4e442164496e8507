"""The address of a database, as a URL or variables give it."""

from dataclasses import dataclass, field
from typing import Any

from django_runtimes.config.values.data_paths import Engine


@dataclass(frozen=True)
class Address:
    """The address of a database with its login; `options` are the driver's connection parameters.

    `is_spatial` says whether the URL asks for PostGIS. `flags` are options of the URL that are keys of Django's
    DATABASES. `ignored` names the URL's options that have no effect because the connection strategy sets them.
    """

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    is_spatial: bool = False
    flags: dict[str, bool] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    engine: Engine = Engine.POSTGRESQL
