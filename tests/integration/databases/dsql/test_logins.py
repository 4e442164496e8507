"""Logins at the stand-in, which needs TLS and a token of the right action."""

import pytest
from django.db.utils import OperationalError

from tests.dsql.stand_in import WEB_ROLE

pytestmark = pytest.mark.profile_free


@pytest.mark.parametrize("role", ["admin", WEB_ROLE])
def test_a_role_logs_in_with_a_token_of_its_own_action(open_wrapper, role):
    wrapper = open_wrapper(role)

    with wrapper.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('transaction_isolation')")
        assert cursor.fetchone() == (role, "repeatable read")
    assert wrapper.connection.info.server_version == 160015
    assert wrapper.connection.pgconn.ssl_in_use


def test_a_key_that_the_cluster_does_not_know_is_refused(open_wrapper, dsql, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    wrapper = open_wrapper(WEB_ROLE)
    wrapper.settings_dict["USER"] = "somebody"

    with pytest.raises(OperationalError, match="access denied"):
        wrapper.ensure_connection()

    assert dsql.refused_logins[-1] == "the signature is wrong"


def test_a_server_with_another_certificate_gets_no_token(open_wrapper, dsql):
    wrapper = open_wrapper()
    logins = dsql.logins
    wrapper.settings_dict["HOST"] = "other.dsql.us-east-1.on.aws"

    with pytest.raises(OperationalError, match="certificate"):
        wrapper.ensure_connection()

    assert dsql.logins == logins
