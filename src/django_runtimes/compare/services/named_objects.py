"""Creates the schemas and roles that a project's settings name in the embedded PostgreSQL, which is empty."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.compare.services.postgres import EmbeddedPostgres
from django_runtimes.config.database_url.address import Address

# Databases that are created later, such as the tests', are copies of this one.
_TEMPLATE = "template1"


def create_named_objects(
    server: EmbeddedPostgres, database: str, settings: LoadedSettings, address: Address
) -> list[str]:
    """Create the schemas and roles in OPTIONS of the databases on the server, and return a line that names them.

    `address` is the one with which the settings were loaded.
    """
    entries = [entry for entry in settings.databases.values() if entry.is_at(address)]
    roles = tuple(dict.fromkeys(entry.role for entry in entries if entry.role not in ("", server.role)))
    schemas = tuple(dict.fromkeys(schema for entry in entries for schema in entry.schemas))
    if not (roles or schemas):
        return []
    with psycopg.connect(server.administration_url, autocommit=True) as connection:
        for role in roles:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                # The role may also create the databases of tests.
                connection.execute(sql.SQL("CREATE ROLE {} CREATEDB").format(sql.Identifier(role)))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(server.role)))
    for name in (_TEMPLATE, database):
        with psycopg.connect(server.url(name, role=server.administrator), autocommit=True) as connection:
            for statement in _statements(server.role, name, roles, schemas):
                connection.execute(statement)
    named = [f"the schema {schema} (search_path)" for schema in schemas]
    named += [f"the role {role} (assume_role)" for role in roles]
    return [f"created {', '.join(named)} in the embedded PostgreSQL, since OPTIONS name them"]


def _statements(owner: str, database: str, roles: tuple[str, ...], schemas: tuple[str, ...]) -> Iterator[sql.Composed]:
    for schema in schemas:
        yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
            sql.Identifier(schema), sql.Identifier(owner)
        )
    for role in roles:
        yield sql.SQL("GRANT ALL ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
        for schema in ("public", *schemas):
            yield sql.SQL("GRANT ALL ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(role))
