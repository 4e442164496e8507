"""Starts the process with Datadog's command in a container, and with Sentry's Lambda integration."""

import subprocess
from dataclasses import replace

from tests.integration.instruments.application import ROOT
from tests.integration.instruments.test_requests import check, rounds
from tests.integration.instruments.tools import DATADOG, SENTRY


def test_ddtrace_run_records_every_request_once(instrument):
    application, records = instrument(DATADOG, INSTRUMENTED_BY_DDTRACE_RUN="1")
    command = application.python.parent / "ddtrace-run"
    asked = rounds(concurrent=True)

    answers = replace(application, prefix=(str(command),)).ask_container(asked)

    check(DATADOG, asked, answers, records())


def test_ddtrace_run_records_every_request_once_with_the_images_bundle(instrument, tmp_path):
    bundle = tmp_path / "modules.bundle"
    application, records = instrument(DATADOG, INSTRUMENTED_BY_DDTRACE_RUN="1", WEBAPP_MODULE_BUNDLE=str(bundle))
    writer = [application.python, "-m", "django_runtimes.entrypoints.bundle", bundle]
    subprocess.run(writer, env=application.environ, cwd=ROOT, check=True, capture_output=True, timeout=300)
    asked = rounds(concurrent=True)

    command = application.python.parent / "ddtrace-run"
    answers = replace(application, prefix=(str(command),)).ask_container(asked)

    check(DATADOG, asked, answers, records())
    assert "is not used" not in (tmp_path / "container.log").read_text()


def test_sentrys_lambda_integration_records_every_invocation(instrument):
    application, records = instrument(SENTRY, INSTRUMENTED_AWS_LAMBDA="1")
    asked = rounds(concurrent=False)

    answers = application.ask_function(asked)

    seen = records()
    invocations = [record for record in seen if record["url"] == "awslambda:///instrumented"]
    requests = [record for record in seen if record["url"] != "awslambda:///instrumented"]
    check(SENTRY, asked, answers, requests)
    assert len(invocations) == len({record["lambda_request"] for record in invocations}) == len(asked)
    # Each request and each error names its invocation.
    assert {record["lambda_request"] for record in requests} == {record["lambda_request"] for record in invocations}
    assert [record for record in invocations if record["tenant"] or record["user"]] == []
