"""A guestbook as a container serves it, with its pictures in a bucket on moto's server."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3

from django_runtimes.compare.services.database_creation import create_database, drop_database
from tests.integration.entrypoints.launcher import REQUIRED, container
from tests.moto import ACCESS_KEY, REGION, moto_server

PASSWORD = "correct horse battery"
_BUCKET = "pictures"
_VARIABLES = {
    "WEBAPP_RUNTIME": "local",
    "WEBAPP_HTTPS": "0",
    "WEBAPP_ALLOWED_HOSTS": "127.0.0.1",
    "WEBAPP_WORKERS": "1",
    "WEBAPP_SECURITY_HEADERS": "1",
    "WEBAPP_DIRECT_UPLOADS": "1",
    "WEBAPP_MEDIA_BUCKET": _BUCKET,
    "AWS_REGION": REGION,
    **ACCESS_KEY,
}
_COMMANDS = (
    ["collectstatic", "--no-input", "-v", "0"],
    ["migrate", "-v", "0"],
    ["createsuperuser", "--no-input", "--username", "root", "--email", "root@guestbook.example"],
    ["seed_guestbook", "--entries", "12"],
)


class ServedGuestbook(NamedTuple):
    """The guestbook's address, its variables and its bucket."""

    address: str
    variables: dict[str, str]
    s3: Any

    def names(self) -> list[str]:
        """Return the names of all objects in the bucket."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=_BUCKET).get("Contents", [])]


@contextmanager
def served_guestbook(database_server: Any, folder: Path) -> Iterator[ServedGuestbook]:
    """Serve a guestbook with an administrator, 12 entries and no picture, during the block."""
    name = f"webapp_browser_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        url = stack.enter_context(moto_server(folder / "moto"))
        keys = {key.lower(): value for key, value in ACCESS_KEY.items()}
        s3 = boto3.client("s3", REGION, endpoint_url=url, **keys)
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        variables = {
            **_VARIABLES,
            # A machine that stands still for seconds must not make a page an error.
            "WEBAPP_MAX_WAIT_S": "60",
            "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
            "WEBAPP_DB_POOL_TIMEOUT_S": "60",
            "AWS_ENDPOINT_URL_S3": url,
            "DATABASE_URL": database_server.url(name),
            "WEBAPP_STATIC_ROOT": str(folder / "static"),
        }
        environ = {
            **REQUIRED,
            **variables,
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        for command in _COMMANDS:
            subprocess.run([sys.executable, "-m", "webapp", *command], env=environ, check=True, capture_output=True)
        _, port = stack.enter_context(container(folder / "log", **variables))
        yield ServedGuestbook(f"http://127.0.0.1:{port}", variables, s3)
