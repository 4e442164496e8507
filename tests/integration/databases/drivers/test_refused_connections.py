"""Requests while Oracle or SQL Server cannot be reached."""

import logging

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from django_runtimes.databases.interface.engine_registry import engine_of
from django_runtimes.databases.interface.examined_server import ServerError
from django_runtimes.outages.responses import answer_to

pytestmark = pytest.mark.profile_free

PASSWORD = "correct-horse"
# SQL Server's driver tries a closed port again until this has passed.
SHORT_LOGIN = {"WEBAPP_DB_CONNECT_TIMEOUT_S": "2"}
URLS = pytest.mark.parametrize(
    "url", [f"oracle://app:{PASSWORD}@127.0.0.1:%s/ORCL", f"mssql://app:{PASSWORD}@127.0.0.1:%s/shop"]
)


@URLS
def test_a_closed_port_is_a_503_whose_log_has_no_password(wrapper_of, unused_tcp_port, url, caplog):
    wrapper = wrapper_of(url % unused_tcp_port, **SHORT_LOGIN)

    with pytest.raises(OperationalError) as caught:
        wrapper.ensure_connection()
    with caplog.at_level(logging.WARNING):
        response = answer_to(caught.value, RequestFactory().get("/api/entries"))

    assert response.status_code == 503
    assert response["Retry-After"]
    assert "/api/entries" in caplog.text
    assert PASSWORD not in caplog.text
    # This test's own frame has the URL.
    frames = caught.traceback[1:]
    assert frames
    assert not any(PASSWORD in repr(dict(frame.locals)) for frame in frames)


@pytest.mark.parametrize("url", [f"oracle://app:{PASSWORD}@no-such-host.invalid/ORCL?sslmode=verify-full"])
def test_an_unknown_host_is_a_503(wrapper_of, url):
    wrapper = wrapper_of(url)

    with pytest.raises(OperationalError, match=r"cannot connect to 'no-such-host\.invalid'") as caught:
        wrapper.ensure_connection()

    assert answer_to(caught.value, RequestFactory().get("/")).status_code == 503


@URLS
def test_the_doctor_names_the_reason_and_the_remedy(wrapper_of, unused_tcp_port, url):
    wrapper = wrapper_of(url % unused_tcp_port, **SHORT_LOGIN)

    answer = engine_of(wrapper).ask_server(wrapper.settings_dict)

    assert isinstance(answer, ServerError)
    assert answer.text.startswith("OperationalError: ")
    assert PASSWORD not in answer.text
    assert answer.remedy == "check host and port, the security group, and that the server runs"


@URLS
def test_migrate_has_no_lock(wrapper_of, unused_tcp_port, url):
    wrapper = wrapper_of(url % unused_tcp_port, **SHORT_LOGIN)

    with pytest.raises(Exception, match=r"migrate has no lock for (Oracle|SQL Server); run it with --without-lock"):
        engine_of(wrapper).migration_lock(wrapper, wait_s=0, say=print)
