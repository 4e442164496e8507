"""`python -m benchmarks.data_api_client`: the CPU time that the engine on the Data API takes for one `SELECT 1`.

Binding, signing, HTTP and loading are measured, in Django's cursor. A process of its own answers every call at once, so
that neither PostgreSQL nor the service counts.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from statistics import median

import uvloop

from benchmarks.null_server import NullProtocol

BAR_MS = 0.5
_ROUNDS, _CALLS = 7, 400
_RESULT = json.dumps(
    {
        "columnMetadata": [{"label": "?column?", "name": "?column?", "typeName": "int4"}],
        "generatedFields": [],
        "numberOfRecordsUpdated": 0,
        "records": [[{"longValue": 1}]],
    }
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_RESULT), _RESULT)
_SERVE = "serve"


class DataApiProtocol(NullProtocol):
    """A connection that answers each call with the same row."""

    def on_message_complete(self) -> None:
        """Answer a call."""
        self._transport.write(_ANSWER)  # type: ignore[attr-defined]  # a server's transports can write


async def serve() -> None:
    """Serve until the process is ended, and print the port first."""
    server = await asyncio.get_running_loop().create_server(DataApiProtocol, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def measure(port: int) -> list[float]:
    """Return the CPU time of one call in each round, in milliseconds."""
    os.environ |= {
        "AWS_ENDPOINT_URL_RDS_DATA": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    from django.conf import settings

    options = {
        "cluster_arn": "arn:aws:rds:eu-central-1:123456789012:cluster:example",
        "secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:example-a1B2c3",
    }
    engine = {"ENGINE": "django_runtimes.databases.data_api", "NAME": "example", "OPTIONS": options}
    settings.configure(USE_TZ=True, DATABASES={"default": engine})
    import django

    django.setup()
    from django.db import connection

    # The answer is no version of PostgreSQL.
    connection.check_database_version_supported = lambda: None  # type: ignore[method-assign]
    rounds = []
    with connection.cursor() as cursor:
        for _ in range(_ROUNDS):
            started_s = time.process_time()
            for _ in range(_CALLS):
                cursor.execute("SELECT 1")
                cursor.fetchall()
            rounds.append((time.process_time() - started_s) * 1000 / _CALLS)
    return rounds


def main() -> int:
    """Print the median; return 1 if it is above the bar."""
    command = [sys.executable, "-m", "benchmarks.data_api_client", _SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            rounds = measure(int(server.stdout.readline() if server.stdout else 0))
        finally:
            server.terminate()
    found_ms = median(rounds)
    sys.stdout.write(
        f"SELECT 1: {found_ms:.2f} ms of CPU time (median of {_ROUNDS} rounds of {_CALLS} calls; bar {BAR_MS} ms)\n"
    )
    return int(found_ms > BAR_MS)


if __name__ == "__main__":
    if sys.argv[1:] == [_SERVE]:
        uvloop.run(serve())
    else:
        sys.exit(main())
