"""Every migration that ships, as Aurora DSQL's own linter judges what `webapp migrate` sends."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dsql.stand_in import DsqlStandIn
from tests.integration.operations.journal import Journal
from tests.prerequisites import lack

pytestmark = pytest.mark.profile_free

_LINTER = Path(sys.executable).with_name("dsql-lint")
_JUDGED = re.compile(r"\s*(ALTER|COMMENT|CREATE|DELETE|DROP|INSERT|SET|UPDATE)\b")


class Sample(Journal):
    """The sample application and its migrations."""

    application = "webapp"


@pytest.fixture
def cluster_of_its_own(database_server):
    with DsqlStandIn(database_server) as stand_in:
        yield stand_in


def test_the_linter_finds_nothing_in_the_migrations_that_ship(cluster_of_its_own, tmp_path):
    if not _LINTER.exists():
        lack("dsql-lint is not installed; run make setup")
    sample = Sample(cluster_of_its_own.url(), tmp_path)
    sample.address |= cluster_of_its_own.access_key
    migrated = sample.migrate()
    assert migrated.end() == 0, migrated.output

    sent = [" ".join(text.split()) for text in cluster_of_its_own.statements if _JUDGED.match(text)]
    assert sum(statement.startswith("CREATE TABLE") for statement in sent) > 10
    script = tmp_path / "sent.sql"
    script.write_text("".join(f"{statement.rstrip(';')};\n" for statement in sent))
    judgement = subprocess.run([_LINTER, "--format", "json", script], capture_output=True, text=True, check=False)

    (judged,) = json.loads(judgement.stdout)["files"]
    assert judged["error"] is None
    assert judged["diagnostics"] == []

    again = sample.migrate()
    assert again.end() == 0
    assert "No migrations to apply." in again.output
