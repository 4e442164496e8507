"""A snapshot is examined before a database is created from it."""

from typing import Any

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs import existing_account as account
from tests.deploy.verbs.existing_account import SNAPSHOT_TABLE, Problems

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize(
    ("changes", "parameters", "expected"),
    [
        ({}, {}, []),
        (
            {"Encrypted": False},
            {},
            ["is not encrypted, and so its database would not be; name the encrypted copy that `aws rds copy"],
        ),
        ({"EngineVersion": "16.3"}, {}, ["is of PostgreSQL 16, and MajorVersion is '17'; set MajorVersion to 16"]),
        ({"EngineVersion": "16.3"}, {"MajorVersion": "16"}, []),
        ({"AllocatedStorage": 60}, {}, ["has 60 GB, and StorageGb is 20; set StorageGb to 60 or more"]),
        ({"Engine": "mysql"}, {}, ["is of mysql, and Engine = 'instance' needs postgres"]),
        (
            {"Engine": "mariadb", "EngineVersion": "10.11.9"},
            {"DatabaseSystem": "mariadb", "Egress": "nat"},
            [],
        ),
        (
            {"Engine": "mariadb", "EngineVersion": "10.6.9"},
            {"DatabaseSystem": "mariadb", "Egress": "nat"},
            ["is of MariaDB 10.6, and MariaDbVersion is '10.11'; set MariaDbVersion to 10.6"],
        ),
        (
            {"Engine": "mariadb"},
            {"DatabaseSystem": "mysql", "Egress": "nat"},
            ["is of mariadb, and DatabaseSystem = 'mysql' with Engine = 'instance' needs mysql"],
        ),
        ({"Status": "creating"}, {}, ["is creating; wait until it is available"]),
        ({"MasterUsername": "root"}, {}, []),
        (
            {"MasterUsername": "root"},
            {"Credentials": "secretsmanager", "Egress": "nat"},
            ["whose password the deploy sets; set operations_user to 'root'"],
        ),
        ({}, {"Engine": "aurora"}, ["is not of Engine = 'aurora' but of 'instance'; set Engine to 'instance'"]),
    ],
)
def test_problems_of_a_snapshot(
    problems: Problems, cloud: StandIn, changes: dict[str, Any], parameters: dict[str, str], expected: list[str]
):
    account.add_snapshot(cloud, **changes)

    found = problems(SNAPSHOT_TABLE, **parameters)

    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


def test_an_unknown_snapshot_is_a_problem(problems: Problems, cloud: StandIn):
    (problem,) = problems(SNAPSHOT_TABLE.replace(account.SNAPSHOT, "yesterday"))

    assert "snapshot = 'yesterday' does not exist in account 123456789012, us-east-1; correct it" in problem
