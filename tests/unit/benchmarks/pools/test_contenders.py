"""The contenders among the pools."""

import re

import pytest
from benchmarks.pools.contenders import CONTENDERS, POOL_SIZE, command
from benchmarks.pools.project.entries import entry


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.key)
def test_each_contender_has_an_entry_and_a_server(contender):
    assert entry(contender.key, max_size=POOL_SIZE)["ENGINE"]
    assert command(contender, 8000)[0] == "-m"


def test_the_locks_of_psycopg2_have_no_psycopg_3():
    (psycopg2,) = [contender for contender in CONTENDERS if contender.key == "psycopg2"]

    assert psycopg2.lock_file is not None
    packages = re.findall(r"^([\w-]+)(?:\[[^]]*\])?==", psycopg2.lock_file.read_text(encoding="utf-8"), re.MULTILINE)
    assert "psycopg2-binary" in packages
    assert "psycopg" not in packages


def test_every_lock_exists():
    locks = [contender.lock_file for contender in CONTENDERS if contender.lock_file is not None]

    assert len(locks) == 3
    assert all(lock.is_file() for lock in locks)
