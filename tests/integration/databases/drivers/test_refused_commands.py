"""Commands that the engines for Oracle and SQL Server do not have; they refuse without a connection."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from django_runtimes.databases.interface.operations_session import open_roles

pytestmark = pytest.mark.profile_free

ALIAS = "legacy"


@pytest.fixture(params=["oracle", "mssql"])
def unreachable(request, wrapper_of, unused_tcp_port):
    """A connection that `connections` knows, and that fails the test if it is opened."""
    wrapper = wrapper_of(f"{request.param}://app:secret@127.0.0.1:{unused_tcp_port}/shop")
    wrapper.get_new_connection = lambda _: pytest.fail("the command connects")
    connections.settings[ALIAS] = wrapper.settings_dict
    connections[ALIAS] = wrapper
    yield wrapper
    del connections[ALIAS]
    del connections.settings[ALIAS]


def test_the_commands_of_roles(unreachable):
    with pytest.raises(CommandError, match=r"does not know (Oracle|SQL Server); create and change roles with"):
        open_roles(unreachable)


def test_the_migration_gate(unreachable):
    with pytest.raises(CommandError, match="the migration gate does not know") as caught:
        call_command("migration_gate", database=ALIAS)

    assert caught.value.returncode == 69
