"""Runs the stand-in for the Data API in a process of its own."""

import http.client
import importlib.util
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django_runtimes.cli import ports, processes
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.data_api.call_counts import COUNTS_PATH, CallCounts
from django_runtimes.compare.services.data_api.stand_in_settings import StandInSettings
from django_runtimes.compare.services.port import start_on_port
from django_runtimes.compare.services.postgres import PostgresServer
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.aws_variables import AWS_ENDPOINT_URL_RDS_DATA
from django_runtimes.config.variables.database.database_address import DB_CLUSTER_ARN, DB_NAME, DB_ROUTE
from django_runtimes.config.variables.database.database_login import DB_SECRET_ARN
from django_runtimes.extras import how_to_install

_ACCOUNT = "123456789012"
REGION = "us-east-1"
_START_TIMEOUT_S = 30.0
# A URL of the user's own server may leave parts of the login to these variables and to files in the home folder.
_LOGIN_VARIABLES = (
    "HOME", "PGHOST", "PGPASSFILE", "PGPASSWORD", "PGPORT", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLROOTCERT",
    "PGUSER",
)  # fmt: skip
_COUNTS_TIMEOUT_S = 30.0


class DataApiStandIn:
    """The Data API on 127.0.0.1, in front of every database of one server.

    Its one secret has the server's role. `limits` replaces settings of StandInSettings.

    Enter it in the main thread: the kernel kills the process when the thread that started it ends.
    """

    def __init__(self, postgres: PostgresServer, *, port: int | None = None, **limits: Any) -> None:
        cluster = f"webapp-{secrets.token_hex(4)}"
        self.cluster_arn = f"arn:aws:rds:{REGION}:{_ACCOUNT}:cluster:{cluster}"
        self.secret_arn = f"arn:aws:secretsmanager:{REGION}:{_ACCOUNT}:secret:{cluster}-a1B2c3"
        self._settings = replace(
            StandInSettings(
                cluster_arn=self.cluster_arn,
                access_key_id=f"AKIA{secrets.token_hex(8).upper()}",
                secret_access_key=secrets.token_hex(20),
                secrets={self.secret_arn: postgres.url(postgres.maintenance_database)},
            ),
            **limits,
        )
        self._wanted_port = port
        self._stack = ExitStack()
        self._directory = Path()
        self.port = 0
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        if importlib.util.find_spec("botocore") is None:
            raise CompareError(
                "the stand-in for the Data API validates requests with botocore, which is not installed; "
                f"{how_to_install('deploy')}"
            )
        with ExitStack() as stack:
            self._directory = stack.enter_context(run_directory(account=None))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """The endpoint, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def latency_ms(self) -> float:
        """What the stand-in adds to each call."""
        return self._settings.latency_ms

    @property
    def log(self) -> Path:
        """The file with the standard error of the process."""
        return self._directory / "data-api.log"

    @property
    def access_key(self) -> Mapping[str, str]:
        """The AWS credentials that the stand-in accepts, as variables."""
        return {
            "AWS_ACCESS_KEY_ID": self._settings.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._settings.secret_access_key,
        }

    def environ(self, database: str) -> dict[str, str]:
        """Return the variables that route a process to one database through the stand-in."""
        return {
            DB_ROUTE.name: Route.DATA_API.value,
            DB_CLUSTER_ARN.name: self.cluster_arn,
            DB_SECRET_ARN.name: self.secret_arn,
            DB_NAME.name: database,
            AWS_ENDPOINT_URL_RDS_DATA.name: self.url,
            **self.access_key,
        }

    def calls(self, database: str) -> CallCounts:
        """Return the calls for a database so far; none if the process does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_COUNTS_TIMEOUT_S)
        try:
            connection.request("GET", f"{COUNTS_PATH}{database}")
            return CallCounts(*json.loads(connection.getresponse().read()))
        except (OSError, http.client.HTTPException, ValueError):
            return CallCounts()
        finally:
            connection.close()

    def _start(self, stack: ExitStack) -> None:
        settings = self._directory / "settings.json"
        self._settings.write(settings)

        def start(port: int) -> subprocess.Popen[bytes]:
            self.port = port
            self.process = processes.spawn(
                [sys.executable, "-m", __package__, str(settings), str(port)],
                environ={"LC_ALL": "C.UTF-8", "TZ": "UTC", **_login_variables()},
                log=self.log,
                directory=self._directory,
            )
            stack.callback(processes.stop, self.process)
            return self.process

        start_on_port(
            start,
            lambda: ports.accepts_connections(self.port),
            name="the stand-in for the Data API",
            wanted=self._wanted_port,
            log=self.log,
            timeout_s=_START_TIMEOUT_S,
        )


def _login_variables() -> dict[str, str]:
    return {name: os.environ[name] for name in _LOGIN_VARIABLES if name in os.environ}
