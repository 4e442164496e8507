"""`webapp migration_gate` on an engine that the library does not support."""

import pytest
from django.core.management.base import CommandError

from django_runtimes.migration_gate.management.commands import migration_gate


def test_only_engines_that_the_gate_judges_are_named(monkeypatch):
    monkeypatch.setattr(migration_gate, "engine_of", lambda _: None)

    with pytest.raises(CommandError, match=r"the gate judges only PostgreSQL and Aurora DSQL and MySQL$") as error:
        migration_gate.Command().handle(json=False, allow=[], database="default")

    assert error.value.returncode == 69
