"""A login that no packaged authority can verify says which bundle to fetch."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.examined_server import ServerError
from django_runtimes.databases.postgresql.administration import server_questions
from django_runtimes.databases.postgresql.administration.server_questions import ask_server

pytestmark = pytest.mark.profile_free

BUNDLE = "https://truststore.pki.rds.amazonaws.com/il-central-1/il-central-1-bundle.pem"
USUAL = "check the root certificates, and that the certificate has the host's name"


class RefusingHandler:
    """Connections whose server has an unknown certificate."""

    def __init__(self, databases: dict[str, Any]) -> None:
        self._databases = databases

    def __getitem__(self, alias: str) -> "RefusingHandler":
        return self

    def get_connection_params(self) -> dict[str, Any]:
        return {}

    def get_new_connection(self, parameters: dict[str, Any]) -> None:
        raise psycopg.OperationalError("SSL error: certificate verify failed")


@pytest.mark.parametrize(
    ("host", "roots", "remedy"),
    [
        (
            "shop.c1abc.il-central-1.rds.amazonaws.com",
            PACKAGED_ROOTS[Route.DIRECT],
            f"the library has no root certificate of RDS for il-central-1: save {BUNDLE}, and set "
            "WEBAPP_DB_ROOT_CERTIFICATES to its path",
        ),
        ("shop.c1abc.il-central-1.rds.amazonaws.com", Path("/app/own.pem"), USUAL),
        ("shop.c1abc.eu-central-1.rds.amazonaws.com", PACKAGED_ROOTS[Route.DIRECT], USUAL),
        ("shop.proxy-c1abc.il-central-1.rds.amazonaws.com", PACKAGED_ROOTS[Route.PROXY], USUAL),
        ("db.example.com", PACKAGED_ROOTS[Route.DIRECT], USUAL),
    ],
)
def test_the_remedy_names_the_bundle_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, host: str, roots: Path, remedy: str
):
    monkeypatch.setattr(server_questions, "ConnectionHandler", RefusingHandler)

    found = ask_server({"HOST": host, "OPTIONS": {"sslrootcert": str(roots)}})

    assert found == ServerError("SSL error: certificate verify failed", remedy)
