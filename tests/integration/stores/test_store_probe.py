"""The check of `check --deploy`, and the doctor's section, ask the store as the application uses it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from django_runtimes.aws import https_pool
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.sections.store_section import examine_store
from django_runtimes.stores.apps import check_answering_store
from django_runtimes.stores.dynamodb.dynamodb_table import table_named
from django_runtimes.stores.store_probe import store_failure
from tests.integration.stores.conftest import TABLE
from tests.ministack import ACCESS_KEY, REGION
from tests.redis_server import redis_server
from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

# On a busy machine the emulator answers later than DynamoDB.
PATIENT_WEBAPP = """
from django_runtimes.aws import https_pool
from django_runtimes.cli.main import main
https_pool._READ_TIMEOUT_S = 60.0
main()
"""


def test_a_store_that_keeps_entries_has_no_failure(store):
    assert store_failure() is None
    assert check_answering_store() == []


def test_without_a_store_nothing_is_asked(monkeypatch):
    monkeypatch.delenv("WEBAPP_STORE_URL", raising=False)

    assert check_answering_store() == []


def test_a_silent_store_is_an_error_with_its_remedy(dynamodb, monkeypatch):
    monkeypatch.setattr(https_pool, "_READ_TIMEOUT_S", 0.3)
    os.kill(dynamodb.process.pid, signal.SIGSTOP)
    try:
        (message,) = check_answering_store()
    finally:
        os.kill(dynamodb.process.pid, signal.SIGCONT)

    assert message.id == "django_runtimes.E032"
    assert message.msg.startswith("the store does not answer: 127.0.0.1:")
    assert message.hint == "check its address, and the network's rules"


def test_a_missing_table_is_an_error_with_its_remedy(dynamodb, use_store):
    use_store("dynamodb://other-store")

    (message,) = check_answering_store()

    table_named("other-store", REGION)._client._pool.close()
    assert "names the DynamoDB table 'other-store', which eu-west-1 does not have; create it" in message.msg


def test_a_wrong_password_is_an_error_without_it(use_store, tmp_path):
    with redis_server(tmp_path, options=["--requirepass", "right"]) as server:
        use_store(server.url.replace("redis://", "redis://:s3cr3t@"))
        failure = store_failure()

    assert failure.text.startswith("the store refuses to be used: AuthenticationError: ")
    assert failure.remedy == "check the login in WEBAPP_STORE_URL"
    assert "s3cr3t" not in failure.text


def test_a_server_that_evicts_at_once_is_an_error(use_store, tmp_path):
    with redis_server(tmp_path, options=["--maxmemory", "1", "--maxmemory-policy", "allkeys-random"]) as server:
        use_store(server.url)
        failure = store_failure()

    assert failure is not None
    assert failure.text.startswith("the store")


@pytest.mark.parametrize(
    ("table", "level", "text"),
    [
        (TABLE, "ok", "the store (dynamodb) keeps entries"),
        ("other-store", "wrong", "WEBAPP_STORE_URL names the DynamoDB table 'other-store', which eu-west-1 does not"),
    ],
)
def test_the_doctor_says_whether_the_store_answers(dynamodb, table, level, text):
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "WEBAPP_RUNTIME": "aws_ecs",
        "WEBAPP_SECRET_KEY": SECRET_KEY,
        "WEBAPP_ALLOWED_HOSTS": "guestbook.example",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
        "WEBAPP_STORE_URL": f"dynamodb://{table}",
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url,
        "AWS_REGION": REGION,
        **ACCESS_KEY,
    }
    command = [sys.executable, "-c", PATIENT_WEBAPP, "doctor", "store", "--json"]

    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    (section,) = json.loads(ended.stdout)["sections"]
    (finding,) = section["findings"]
    assert finding["level"] == level
    assert finding["text"].startswith(text)
    assert ended.returncode == (level != "ok")


@pytest.mark.parametrize(
    ("url", "level", "text"),
    [
        (
            "redis://cache.example",
            "ok",
            "each client address may send 100 requests in 60 s; if the store does not answer, the limit is open",
        ),
        (
            "memory://",
            "warning",
            "each client address may send 100 requests in 60 s to each process, since each counts in its own memory",
        ),
    ],
)
def test_the_doctor_states_the_limit_on_requests(url, level, text):
    findings = examine_store(Examination({"WEBAPP_STORE_URL": url, "WEBAPP_THROTTLE": "100/m"}, offline=True))

    assert [(finding.level, finding.text) for finding in findings[1:]] == [(level, text)]


def test_the_doctor_skips_the_store_offline_and_without_a_url():
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    command = [sys.executable, "-m", "django_runtimes", "doctor", "store", "--json", "--offline"]

    for url, text in (
        ("memory://", "the store was not asked, because of --offline"),
        ("", "WEBAPP_STORE_URL is not set"),
    ):
        ended = subprocess.run(
            command, env={**environ, "WEBAPP_STORE_URL": url}, capture_output=True, text=True, timeout=60, check=False
        )
        assert text in ended.stdout, ended.stderr
