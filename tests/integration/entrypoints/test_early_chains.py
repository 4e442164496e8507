"""The serving processes build their middleware before the first request."""

import os
import subprocess
import sys

import pytest

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

_LAMBDA = """
from django_runtimes.entrypoints.aws_lambda import handler
responses = handler._responses
print(responses._chain.made is not None, responses._asgi_handler._sync_chain.made, responses._asgi_handler._native.made)
"""
_CONTAINER = """
import django_runtimes.entrypoints.asgi
from django_runtimes.entrypoints.served_application import load_application
handler = load_application().handler
print(handler._sync_chain.made is not None, handler._native.made)
"""


@pytest.mark.parametrize(
    ("runtime", "code", "made"),
    [("aws_lambda", _LAMBDA, "True None None\n"), ("aws_ecs", _CONTAINER, "True None\n")],
)
def test_only_the_middleware_of_synchronous_views_is_built(runtime, code, made):
    environ = {
        "PATH": os.environ["PATH"],
        "WEBAPP_RUNTIME": runtime,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_DB_PROXY_HOST": "127.0.0.1",
        "WEBAPP_LOG_LEVEL": "error",
    }
    process = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environ, capture_output=True, text=True, timeout=60
    )

    assert process.stdout == made, process.stderr
