"""A source of credentials loads only the packages that it needs."""

import os
import subprocess
import sys

import pytest

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

SOURCE = """
import sys
import django
django.setup()
import django_runtimes.databases.credentials.provider
from django.db import connection
connection.get_connection_params()
provider = django_runtimes.databases.credentials.provider.provider_of(connection.settings_dict)
if provider is not None:
    provider.login()
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "psycopg_pool", "urllib3"}))
"""


@pytest.mark.parametrize("credentials", ["password", "iam", "secretsmanager"])
def test_a_login_loads_neither_aws_clients_nor_the_pool(credentials, secrets):
    process = subprocess.run(
        [sys.executable, "-c", SOURCE],
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "WEBAPP_RUNTIME": "aws_lambda",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
            "DATABASE_URL": "postgresql://app@db.example/app",
            "WEBAPP_DB_PROXY_HOST": "proxy.example",
            "WEBAPP_DB_CREDENTIALS": credentials,
            "AWS_REGION": "eu-west-1",
            "WEBAPP_DB_SECRET_ARN": secrets.store("hunter2"),
            **secrets.environ,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    assert process.stdout.split() == []
